/** A backend by name: addresses that change, and addresses that are dead. */

import { assert, assertEquals } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { FullBacklog } from "../support/full_backlog.ts";
import { NAMESPACES, OwnHosts } from "../support/namespaces.ts";
import { exchange } from "../support/ports.ts";
import { Site } from "../support/site.ts";

import { testWith } from "../support/tools.ts";

/** Milliseconds that stud waits for an address before it tries the next as well, less what timers are early. */
const HEAD_START = 240;

testWith(
  NAMESPACES,
  "a name is looked up again: new clients go where it leads, and others stay; a failure changes nothing",
  async () => {
    using hosts = new OwnHosts("127.0.0.1 backend.test");
    const before = Backend.serve(echo);
    const port = before.address.split(",")[1]!;
    await using after = Backend.serve(echo, { hostname: "127.0.0.2", port: Number(port) });
    await using site = await Site.start({
      ...{ backend: before, backendAddress: `backend.test,${port}`, prefix: hosts.prefix },
      args: ["--backend-refresh", "0.2"],
    });
    using early = await site.connect();
    await exchange(early);
    hosts.write("127.0.0.2 backend.test");
    await site.stud.output(
      new RegExp(
        `backend.test:${port} is now 127.0.0.2:${port}; it was 127.0.0.1:${port}\n`,
      ),
    );
    // The worker is told in the same moment as the log.
    await eventually("a client at the other address", async () => {
      await site.echoOnce();
      return after.accepted > 0;
    });
    await exchange(early);
    const accepted = before.accepted;

    Deno.kill(site.worker, "SIGKILL");
    await site.stud.output(/worker 1 serves again/);
    await site.echoOnce();
    assertEquals([before.accepted, after.accepted], [accepted, 2], site.stud.report());

    hosts.write("");
    await site.stud.output(
      new RegExp(
        `warning: backend backend.test:${port}: lookup failed: .* cannot be resolved; .*; keeping`,
      ),
    );
    await site.echoOnce();
    hosts.write("127.0.0.2 backend.test");
    await site.stud.output(/backend.test:\d+ resolves again/);
    assert(site.stud.stderr.match(/lookup failed/g)?.length === 1, site.stud.report());
  },
);

testWith(NAMESPACES, "an address at which connections hang costs a moment, once", async () => {
  using hung = await FullBacklog.open();
  const port = Number(hung.address.split(",")[1]);
  using hosts = new OwnHosts("127.0.0.1 backend.test\n127.0.0.2 backend.test");
  const backend = Backend.serve(echo, { hostname: "127.0.0.2", port });
  await using site = await Site.start({
    ...{ backend, backendAddress: `backend.test,${port}`, prefix: hosts.prefix },
  });
  const began = Date.now();
  await site.echoOnce();
  const first = Date.now() - began;
  assert(first >= HEAD_START, `the first client waited for the address that hangs: ${first} ms`);
  await eventually("a client that does not wait for it", async () => {
    const began = Date.now();
    await site.echoOnce();
    return Date.now() - began < HEAD_START;
  });
  await site.released();
});
