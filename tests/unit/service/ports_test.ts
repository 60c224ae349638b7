/** Which ports are claimed for the frontends of a plan, on a machine that the test makes up. */

import { StartupError } from "../../../src/errors.ts";
import { makePlan, type Plan } from "../../../src/plan/plan.ts";
import {
  type ClaimedFrontend,
  type ClaimOptions,
  claimPorts,
  workerFrontends,
} from "../../../src/service/ports.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { planOf } from "../../support/plan_of.ts";
import { engineWith, TLS_CONFIGURATION } from "../../support/tls_configuration.ts";
import { settingsOf } from "../config/settings_of.ts";

function newRuntime(): FakeRuntime {
  const runtime = new FakeRuntime();
  runtime.network.names.set("web.example", ["2001:db8::1", "192.0.2.1", "192.0.2.1"]);
  return runtime;
}

function plan(args: string[], runtime = newRuntime()): Promise<Plan> {
  return makePlan(settingsOf([...args, "a.pem"]), planOf().tls, runtime);
}

function hosts(claimed: readonly ClaimedFrontend[]): string[] {
  return claimed.flatMap(({ addresses }) => addresses).map(({ host, port }) => `${host} ${port}`);
}

/** Claims the ports of these frontends. */
async function claim(runtime: FakeRuntime, frontends: string[], options?: ClaimOptions) {
  const made = await plan(frontends.flatMap((each) => ["-f", each]), runtime);
  return await claimPorts(made, runtime, options);
}

Deno.test("claimPorts() chooses ports for 0 and keeps the others", async () => {
  const runtime = newRuntime();
  const made = await plan(
    ["-f", "192.0.2.1,0", "-f", "192.0.2.2,443", "-f", "192.0.2.1,0"],
    runtime,
  );
  assertEquals(hosts(await claimPorts(made, runtime)), [
    ...["192.0.2.1 50001", "192.0.2.2 443", "192.0.2.1 50003"],
  ]);
});

Deno.test("claimPorts() never takes the same choice of the system twice", async () => {
  const runtime = newRuntime();
  runtime.network.choices.push(40_000, 40_000, 40_000, 40_001);
  const made = await plan(["-f", "192.0.2.1,0", "-f", "192.0.2.1,0"], runtime);
  assertEquals(hosts(await claimPorts(made, runtime)), ["192.0.2.1 40000", "192.0.2.1 40001"]);
  // Ports that were asked for may be the same on several addresses.
  const same = await plan(["-f", "192.0.2.1,443", "-f", "192.0.2.2,443"], runtime);
  assertEquals(hosts(await claimPorts(same, runtime)), ["192.0.2.1 443", "192.0.2.2 443"]);
});

Deno.test("claimPorts() asks for one port after the other", async () => {
  const runtime = newRuntime();
  let asking = 0;
  const probe = runtime.network.probe.bind(runtime.network);
  runtime.network.probe = async (address) => {
    assertEquals(asking++, 0);
    const port = await probe(address);
    asking--;
    return port;
  };
  const made = await plan(["-f", "web.example,1", "-f", "192.0.2.2,2"], runtime);
  assertEquals(hosts(await claimPorts(made, runtime)), [
    ...["2001:db8::1 1", "192.0.2.1 1", "192.0.2.2 2"],
  ]);
});

Deno.test("claimPorts() takes * for IPv6 and IPv4, or IPv4 alone where there is no other", async () => {
  const runtime = newRuntime();
  assertEquals(hosts(await claimPorts(await plan([], runtime), runtime)), [":: 8443"]);
  runtime.network.absent.add("::");
  assertEquals(hosts(await claimPorts(await plan([], runtime), runtime)), ["0.0.0.0 8443"]);
  // Beside a frontend that is there, too.
  const both = await plan(["-f", "*,1", "-f", "192.0.2.1,2"], runtime);
  assertEquals(hosts(await claimPorts(both, runtime)), ["0.0.0.0 1", "192.0.2.1 2"]);
});

Deno.test("claimPorts() takes * for two sockets where the one for IPv6 takes no IPv4", async () => {
  const runtime = newRuntime();
  runtime.network.dualStack = false;
  const any = await plan([], runtime);
  assertEquals(hosts(await claimPorts(any, runtime)), [":: 8443", "0.0.0.0 8443"]);
  runtime.network.absent.add("::");
  assertEquals(hosts(await claimPorts(any, runtime)), ["0.0.0.0 8443"]);
});

Deno.test("claimPorts() chooses one port for all addresses of a frontend, free on each", async () => {
  const runtime = newRuntime();
  runtime.network.dualStack = false;
  runtime.network.choices.push(40_000, 40_001);
  runtime.network.inUse.add("0.0.0.0:40000");
  const any = await plan(["-f", "*,0"], runtime);
  assertEquals(hosts(await claimPorts(any, runtime)), [":: 40001", "0.0.0.0 40001"]);
  let port = 41_000;
  runtime.network.probe = ({ host }) =>
    host === "::" ? Promise.resolve(port++) : Promise.reject(new StartupError("in use"));
  await assertRejects(() => claimPorts(any, runtime), StartupError, "in use");
});

Deno.test("claimPorts() takes those addresses of a name that this machine has", async () => {
  const runtime = newRuntime();
  runtime.network.absent.add("2001:db8::1");
  const made = await plan(["-f", "web.example,443"], runtime);
  assertEquals(hosts(await claimPorts(made, runtime)), ["192.0.2.1 443"]);
});

Deno.test("claimPorts() refuses a frontend that this machine cannot have, though it has others", async () => {
  const runtime = newRuntime();
  runtime.network.absent.add("192.0.2.9");
  const made = await plan(["-f", "192.0.2.1,1", "-f", "192.0.2.9,2"], runtime);
  const claim = () => claimPorts(made, runtime);
  await assertRejects(
    claim,
    StartupError,
    "--frontend 192.0.2.9:2: this machine has no such address",
  );
  runtime.network.inUse.add("192.0.2.1:1");
  await assertRejects(claim, StartupError, "in use");
});

Deno.test("claimPorts() tries no address again that is held", async () => {
  const runtime = newRuntime();
  const held = await claim(runtime, ["web.example,443", "192.0.2.2,443"]);
  for (const host of ["2001:db8::1", "192.0.2.1", "192.0.2.2"]) {
    runtime.network.inUse.add(`${host}:443`);
  }
  runtime.network.probed.length = 0;
  // One that moves from a frontend to another is held too.
  const again = await claim(runtime, ["192.0.2.1,443", "192.0.2.3,443", "192.0.2.2,443"], { held });
  assertEquals(hosts(again), ["192.0.2.1 443", "192.0.2.3 443", "192.0.2.2 443"]);
  assertEquals(runtime.network.probed, [{ host: "192.0.2.3", port: 443 }]);
});

Deno.test("claimPorts() keeps what the system chose for a frontend, and chooses for new ones", async () => {
  const runtime = newRuntime();
  const { choices } = runtime.network;
  choices.push(40_001, 40_002, 40_003);
  const held = await claim(runtime, ["192.0.2.1,0", "192.0.2.1,0"]);
  assertEquals(hosts(held), ["192.0.2.1 40001", "192.0.2.1 40002"]);
  const more = ["192.0.2.1,0", "192.0.2.2,0", "192.0.2.1,0"];
  const again = await claim(runtime, more, { held });
  assertEquals(hosts(again), ["192.0.2.1 40001", "192.0.2.2 40003", "192.0.2.1 40002"]);
  assertEquals(hosts(await claim(runtime, more, { held: again })), hosts(again));
});

Deno.test("claimPorts() shares ports that others listen on, if it may", async () => {
  const runtime = newRuntime();
  runtime.network.inUse.add("192.0.2.1:443");
  await assertRejects(() => claim(runtime, ["192.0.2.1,443"]), StartupError, "in use");
  const shared = await claim(runtime, ["192.0.2.1,443", "192.0.2.1,0"], { shared: true });
  assertEquals(hosts(shared).at(0), "192.0.2.1 443");
  // On an address that is not there nobody can share anything.
  runtime.network.absent.add("::");
  assertEquals(hosts(await claim(runtime, ["*,443"], { shared: true })), ["0.0.0.0 443"]);
});

Deno.test("workerFrontends() gives every address what its frontend has of its own", () => {
  const tls = { ...TLS_CONFIGURATION, ...engineWith({ ciphers: "HIGH" }) };
  const addresses = [{ host: "::1", port: 1 }, { host: "127.0.0.1", port: 1 }];
  const told = workerFrontends([
    { text: "localhost:1", addresses, tls },
    { text: "192.0.2.1:2", addresses: [{ host: "192.0.2.1", port: 2 }], tls: undefined },
  ]);
  assertEquals(told, [
    { host: "::1", port: 1, tls },
    { host: "127.0.0.1", port: 1, tls },
    { host: "192.0.2.1", port: 2 },
  ]);
  assertEquals(Object.hasOwn(told[2]!, "tls"), false);
});
