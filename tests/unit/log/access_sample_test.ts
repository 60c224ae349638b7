/** Which connections get a line when the access log is sampled. */

import type { Ending } from "../../../src/log/access_line.ts";
import { sampleOf } from "../../../src/log/access_sample.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const FAULTS: readonly Ending[] = [
  ...["reset", "gone", "silent", "handshake-failed", "denied", "backend-failed"] as const,
  ...["deadline", "stalled", "drained", "resources", "failed"] as const,
];

Deno.test("without sampling every connection has its line, and no line says a rate", () => {
  for (const end of ["orderly", ...FAULTS] as const) {
    assertEquals(sampleOf({ end }, undefined, () => 0.999), undefined);
  }
});

Deno.test("faults are never left out and stand for themselves", () => {
  for (const end of FAULTS) assertEquals(sampleOf({ end }, 100, () => 0.999), 1, end);
});

Deno.test("one of N good connections stands for N", () => {
  for (const end of ["orderly", "closed"] as const) {
    assertEquals(sampleOf({ end }, 100, () => 0.0099), 100);
    assertEquals(sampleOf({ end }, 100, () => 0.01), 0);
    assertEquals(sampleOf({ end }, 100, () => 0.999), 0);
  }
});

Deno.test("sums over the lines are right", () => {
  let state = 1;
  const random = () => (state = state * 48271 % 0x7fffffff) / 0x7fffffff;
  let sum = 0;
  for (let count = 0; count < 100_000; count++) sum += sampleOf({ end: "orderly" }, 10, random)!;
  assert(Math.abs(sum - 100_000) < 3_000, String(sum));
});
