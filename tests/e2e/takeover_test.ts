/** A new stud takes the place of a running one, and no client notices. */

import { assert, assertEquals } from "../support/assert.ts";
import { exchange } from "../support/ports.ts";
import { runStud, Stud } from "../support/stud.ts";
import { Site } from "../support/site.ts";
import { echoOnce, receive } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

const NEEDS = { linux: true, notOnNode: true };

testWith(NEEDS, "--takeover serves the same address and drains the other stud", async () => {
  await using site = await Site.startEcho(["-n", "2"]);
  const { port, pem, backend, stud: former } = site;
  using client = await site.connect();
  await exchange(client);
  let failed = 0;
  let served = 0;
  let over = false;
  const clients = Array.from({ length: 3 }, async () => {
    while (!over) {
      await echoOnce(port, pem).then(() => served++, () => failed++);
    }
  });
  const args = ["-f", `127.0.0.1,${port}`, "-b", backend.address, pem.path];
  await using successor = await Stud.start(["--takeover", String(former.pid), ...args]);
  await successor.output(/took over from process \d+, which drains now/);
  await exchange(client, "the former one goes on with its clients");
  await client.closeWrite();
  assertEquals((await receive(client)).end, "clean");
  assertEquals((await former.ended(10_000)).code, 0, former.report());
  over = true;
  await Promise.all(clients);
  assertEquals(failed, 0, `of ${served}`);
  assert(served > 0);
  await echoOnce(port, pem);
});

testWith(
  NEEDS,
  "without --takeover the port is in use, and a process that is none is named",
  async () => {
    await using site = await Site.startEcho();
    const args = ["-f", `127.0.0.1,${site.port}`, "-b", site.backend.address, site.pem.path];
    const refused = await runStud(args);
    assert(/port is in use/.test(refused.stderr), refused.stderr);
    const nobody = await runStud(["--takeover", "4194305", ...args]);
    assertEquals(nobody.code, 1);
    assert(/--takeover 4194305: there is no process 4194305/.test(nobody.stderr), nobody.stderr);
    await site.echoOnce();
  },
);
