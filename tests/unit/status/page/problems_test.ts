/** What the page's top says is wrong. */

import { assertEquals } from "../../../support/assert.ts";
import { busyStatus, freshStatus } from "../../../support/made_status.ts";
import { problemsOf } from "../../../../src/status/page/problems.ts";
import type { Status } from "../../../../src/status/status.ts";

Deno.test("problemsOf() has nothing to say of a stud that is in order", () => {
  assertEquals(problemsOf(healthy()), []);
});

Deno.test("problemsOf() tells the worst first", () => {
  assertEquals(texts(busyStatus()), [
    "bad: site-5.example.com expired 1 day ago, and 2 others within 30 days",
    "bad: 2 files in quarantine",
    "bad: Backend 10.1.2.4:8080: connection refused",
    "warn: Worker 3 was replaced: killed by SIGKILL",
    "warn: 1 certificate changed on disk; not reloaded",
  ]);
});

Deno.test("problemsOf() tells of what does not run, and of a reload that failed", () => {
  const [frontend] = busyStatus().frontends;
  assertEquals(
    texts({
      ...healthy(),
      workers: [],
      frontends: [{ ...frontend!, served: false }],
      reloads: [{ time: healthy().time, outcome: "failed", what: "no such file" }],
    }),
    [
      "bad: Frontend *,443 is not served",
      "bad: No worker runs",
      "bad: The last reload failed: no such file",
    ],
  );
});

Deno.test("problemsOf() forgets a worker's end and a backend's failure after ten minutes", () => {
  const { time, workers, backends } = busyStatus();
  const later = new Date(Date.parse(time) + 600_000).toISOString();
  assertEquals(texts({ ...healthy(), time: later, workers, backends }), []);
});

Deno.test("problemsOf() does not take frontends that are closed by a drain for a fault", () => {
  const [frontend] = busyStatus().frontends;
  const frontends = [{ ...frontend!, served: false }];
  assertEquals(texts({ ...healthy(), state: "draining", ready: false, frontends }), [
    "warn: No new connections: stud is draining",
  ]);
});

function healthy(): Status {
  const [worker] = busyStatus().workers;
  return { ...freshStatus(), workers: [worker!] };
}

function texts(status: Status): string[] {
  return problemsOf(status).map(({ level, text }) => `${level}: ${text}`);
}
