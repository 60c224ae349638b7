/** A supervisor that is killed: its workers take no more clients, let those they have finish, and end. */

import { assertEquals } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { exchange, isRefused } from "../support/ports.ts";
import { gone, isAlive, listenersOn, processesWith } from "../support/proc.ts";
import { Site } from "../support/site.ts";
import { Stud } from "../support/stud.ts";
import { receive } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

testWith({ linux: true }, "after SIGKILL of the supervisor the workers drain and end", async () => {
  await using site = await Site.startEcho(["-n", "2"]);
  const { port } = site;
  const workers = site.stud.workers();
  using client = await site.connect();
  await exchange(client);
  site.stud.signal("SIGKILL");
  await eventually("nobody listens", () => listenersOn(port) === 0);
  assertEquals(await isRefused(port), true);
  await exchange(client, "still served");
  const alive = () => workers.filter(isAlive).length;
  await eventually("the end of the worker without clients", () => alive() < 2);
  assertEquals(alive(), 1, "the worker with a client has ended");
  await client.closeWrite();
  assertEquals((await receive(client)).end, "clean");
  await gone(workers);
});

testWith({ linux: true }, "workers without a supervisor keep to the drain timeout", async () => {
  await using site = await Site.startEcho(["--drain-timeout", "0.5"]);
  const workers = site.stud.workers();
  using client = await site.connect();
  await exchange(client);
  site.stud.signal("SIGKILL");
  await gone(workers, 10_000);
});

testWith(
  { linux: true },
  "SIGKILL of a supervisor that is starting leaves no workers behind",
  async () => {
    for (let attempt = 0; attempt < 3; attempt++) {
      const mark = crypto.randomUUID();
      await using stud = Stud.spawn(["--self-signed", "-f", "127.0.0.1,0", "-n", "2"], {
        STUD_TEST_MARK: mark,
      });
      await eventually("workers", () => processesWith("STUD_TEST_MARK", mark).length > 1);
      stud.signal("SIGKILL");
      await eventually(
        "the end of all of stud",
        () => processesWith("STUD_TEST_MARK", mark).length === 0,
      );
    }
  },
);
