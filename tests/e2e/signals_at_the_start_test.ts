/** Signals that come while stud starts: it ends, or serves; either way no process is left behind. */

import { assert, assertEquals } from "../support/assert.ts";
import { eventually, pause } from "../support/eventually.ts";
import { processesWith } from "../support/proc.ts";
import { Stud } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

/** Milliseconds after the start at which the signal is sent: before, while and after workers start. */
const MOMENTS = [0, 30, 60, 90, 120, 160, 200, 260, 330];

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  testWith({ linux: true }, `${signal} at any moment of the start leaves no orphans`, async () => {
    for (const moment of MOMENTS) {
      const mark = crypto.randomUUID();
      await using stud = Stud.spawn(["--self-signed", "-f", "127.0.0.1,0", "-n", "2"], {
        STUD_TEST_MARK: mark,
      });
      await pause(moment);
      stud.signal(signal);
      if (signal === "SIGHUP") await settled(stud);
      if (stud.status === undefined) stud.signal("SIGTERM");
      const status = await stud.ended(20_000);
      // Before its handlers are there a signal kills; afterwards stud ends in order.
      assert(status.code === 0 || status.signal !== null, `after ${moment} ms: ${stud.report()}`);
      await eventually(
        `no process of a stud that got ${signal} after ${moment} ms`,
        () => processesWith("STUD_TEST_MARK", mark).length === 0,
      );
    }
  });
}

testWith({ linux: true }, "TERM while workers start ends stud with status 0", async () => {
  const mark = crypto.randomUUID();
  await using stud = Stud.spawn(["--self-signed", "-f", "127.0.0.1,0", "-n", "2"], {
    STUD_TEST_MARK: mark,
  });
  await eventually("a worker", () => processesWith("STUD_TEST_MARK", mark).length > 1);
  stud.signal("SIGTERM");
  const status = await stud.ended(20_000);
  assertEquals([status.code, status.signal], [0, null], stud.report());
});

/** Either it serves, or the signal has ended it. */
async function settled(stud: Stud): Promise<void> {
  await eventually("an end or a start", () => {
    return stud.status !== undefined || /workers? serves? on/.test(stud.stdout);
  });
}
