/** Sockets of a service manager, and the frontends that they are for. */

import { HandedSockets } from "../../../src/service/handed_sockets.ts";
import { listenReport } from "../../../src/service/frontend_ports.ts";
import type { WantedFrontend } from "../../../src/plan/plan.ts";
import { claimPorts } from "../../../src/service/ports.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";

function newRuntime(...addresses: [host: string, port: number][]): FakeRuntime {
  const runtime = new FakeRuntime();
  const { variables, inherited } = runtime.service;
  variables.set("LISTEN_PID", "4711");
  variables.set("LISTEN_FDS", String(addresses.length));
  variables.set("LISTEN_FDNAMES", addresses.map(() => "stud.socket").join(":"));
  addresses.forEach(([host, port], place) => inherited.set(3 + place, { host, port }));
  return runtime;
}

const wanted = (text: string, ...alternatives: [host: string, port: number][][]) => ({
  text,
  alternatives: alternatives.map((some) => some.map(([host, port]) => ({ host, port }))),
  tls: undefined,
});

/** The addresses of all frontends. */
async function claim(
  frontends: readonly WantedFrontend[],
  runtime: FakeRuntime,
  handed?: HandedSockets,
) {
  const claimed = await claimPorts({ frontends }, runtime, handed && { handed });
  return claimed.flatMap(({ addresses }) => addresses);
}

Deno.test("HandedSockets takes what was given to this process, and leaves the children nothing", async () => {
  const runtime = newRuntime(["::", 443], ["127.0.0.1", 8443]);
  const handed = await HandedSockets.take(runtime);
  assertEquals([...runtime.service.variables.keys()], []);
  assertEquals(runtime.service.shared, [3, 4]);
  assertEquals(await claim(handed.frontends, runtime, handed), [
    { host: "::", port: 443, descriptor: 3 },
    { host: "127.0.0.1", port: 8443, descriptor: 4 },
  ]);
  assertEquals(runtime.network.probed, []);
});

Deno.test("HandedSockets has none that were given to another process", async () => {
  const runtime = newRuntime(["::", 443]);
  runtime.service.variables.set("LISTEN_PID", "4710");
  assertEquals((await HandedSockets.take(runtime)).none, true);
  assertEquals((await HandedSockets.take(new FakeRuntime())).none, true);
});

Deno.test("HandedSockets refuses what is not a listening TCP socket, by number and name", async () => {
  const runtime = newRuntime(["::", 443]);
  runtime.service.inherited.clear();
  await assertRejects(
    () => HandedSockets.take(runtime),
    Error,
    "descriptor 3 (stud.socket) is not a listening TCP socket",
  );
});

Deno.test("claimPorts() gives frontends the sockets that listen there, and claims the others", async () => {
  const runtime = newRuntime(["0.0.0.0", 443]);
  const handed = await HandedSockets.take(runtime);
  const frontends = [
    wanted("127.0.0.1,80", [["127.0.0.1", 80]]),
    wanted("*,443", [["::", 443]], [["0.0.0.0", 443]]),
  ];
  assertEquals(await claim(frontends, runtime, handed), [
    { host: "127.0.0.1", port: 80 },
    { host: "0.0.0.0", port: 443, descriptor: 3 },
  ]);
});

Deno.test("claimPorts() refuses a socket that no frontend is for", async () => {
  const runtime = newRuntime(["127.0.0.1", 443]);
  const handed = await HandedSockets.take(runtime);
  await assertRejects(
    () => claimPorts({ frontends: [wanted("a", [["127.0.0.1", 80]])] }, runtime, { handed }),
    Error,
    "no --frontend is for 127.0.0.1:443",
  );
});

Deno.test("listenReport() lists IPv4 addresses, and a socket for all addresses is one", () => {
  const frontends = [{ host: "::", port: 1 }, { host: "::1", port: 2 }, {
    host: "127.0.0.1",
    port: 3,
  }];
  assertEquals(listenReport(frontends), "0.0.0.0:1\n127.0.0.1:3\n");
});
