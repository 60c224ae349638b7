/** INT, and a second TERM: everything ends now, with status 0. */

import { assertEquals } from "../support/assert.ts";
import { exchange } from "../support/ports.ts";
import { gone } from "../support/proc.ts";
import { Site } from "../support/site.ts";
import { receive } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

testWith({ linux: true }, "INT ends stud, its workers and their clients at once", async () => {
  await using site = await Site.startEcho(["-n", "2"]);
  const workers = site.stud.workers();
  using client = await site.connect();
  await exchange(client);
  site.stud.signal("SIGINT");
  assertEquals((await site.stud.ended(10_000)).code, 0);
  await gone(workers, 5_000);
  await receive(client);
});

testWith(
  { linux: true },
  "INT to the whole process group, as from a terminal, ends stud with 0",
  async () => {
    await using site = await Site.startEcho(["-n", "2"]);
    const workers = site.stud.workers();
    for (const pid of [...workers, site.stud.pid]) Deno.kill(pid, "SIGINT");
    assertEquals((await site.stud.ended(10_000)).code, 0);
    await gone(workers, 5_000);
  },
);

testWith({ linux: true }, "INT to one worker is not for it to answer", async () => {
  await using site = await Site.startEcho();
  const { worker } = site;
  using client = await site.connect();
  Deno.kill(worker, "SIGINT");
  Deno.kill(worker, "SIGHUP");
  // A signal is handled before what comes after it is read.
  for (let count = 0; count < 5; count++) await exchange(client);
  await site.echoOnce();
  assertEquals(site.worker, worker);
});

for (const second of ["SIGTERM", "SIGINT"] as const) {
  testWith({ linux: true }, `${second} after TERM ends stud at once`, async () => {
    await using site = await Site.startEcho();
    const workers = site.stud.workers();
    using client = await site.connect();
    await exchange(client);
    site.stud.signal("SIGTERM");
    await site.stud.output(/draining/);
    await exchange(client);
    site.stud.signal(second);
    assertEquals((await site.stud.ended(10_000)).code, 0);
    await gone(workers, 5_000);
  });
}
