/** What `stud status` prints, and its exit code. */

import { healthOf } from "../../../src/status_client/health.ts";
import { describeStatus } from "../../../src/status_client/summary.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { busyStatus, freshStatus } from "../../support/made_status.ts";

const BUSY = busyStatus();
const WELL = {
  ...freshStatus(),
  frontends: BUSY.frontends.map((one) => ({ ...one, served: true })),
  workers: BUSY.workers.map((one) => ({ ...one, lastEnd: null })),
  certificates: BUSY.certificates.slice(0, 1).map((one) => ({ ...one, daysLeft: 60 })),
};

Deno.test("a stud without problems is OK, and ends with 0", () => {
  assertEquals(healthOf(WELL).exitCode, 0);
  const [first] = describeStatus(WELL).split("\n");
  assertEquals(first!.split(" | ")[0], "STUD OK: serving, all is well");
  assert(/ \| active=\d+ accepted=\d+c handshakes_failed=\d+c days_left=60$/.test(first!), first);
});

Deno.test("warnings end with 1, what is broken with 2", () => {
  const [certificate] = WELL.certificates;
  const cases = [
    [{ ...WELL, certificates: [{ ...certificate!, daysLeft: 20 }] }, 1],
    [{ ...WELL, certificates: [{ ...certificate!, daysLeft: -1 }] }, 2],
    [{ ...WELL, ready: false }, 2],
    [{ ...WELL, ready: false, state: "draining" as const }, 1],
    [{ ...WELL, workers: [] }, 2],
    [{ ...WELL, reloads: [{ time: WELL.time, outcome: "failed" as const, what: "x" }] }, 2],
  ] as const;
  for (const [status, exitCode] of cases) {
    const { problems } = healthOf(status);
    assertEquals(healthOf(status).exitCode, exitCode, JSON.stringify(problems));
  }
});

Deno.test("the first line is one line without a second bar, whatever the reasons say", () => {
  const what = "a|b\nSTUD OK: c\x1b[2J";
  const reloads = [{ time: WELL.time, outcome: "failed" as const, what }];
  const text = describeStatus({ ...WELL, reloads }) + describeStatus(BUSY);
  const [first] = text.split("\n");
  assertEquals(first!.split("|").length, 2);
  // deno-lint-ignore no-control-regex
  assert(!/[\x00-\x09\x0b-\x1f\x7f]/.test(text));
  assert(!text.includes("\nSTUD OK"));
});

Deno.test("every frontend, worker and certificate is in it, the certificate that expires first at the top", () => {
  const certificates = [90, 40, 60].map((daysLeft) => ({
    ...WELL.certificates[0]!,
    daysLeft,
    names: [`in-${daysLeft}.example`],
  }));
  const text = describeStatus({ ...WELL, certificates });
  const order = [40, 60, 90].map((days) => text.indexOf(`in-${days}.example`));
  assertEquals(order, [...order].sort((one, other) => one - other));
  assert(order[0]! > 0);
  for (const { name } of WELL.frontends) assert(text.includes(name));
  for (const { pid } of WELL.workers) assert(text.includes(String(pid)));
});
