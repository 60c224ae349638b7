/** Pauses between fetches. */

import { refreshPause, retryPause } from "../../../src/ocsp/pace.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("refreshPause() is the interval or half of what is left, and a little less by chance", () => {
  const pace = { refreshInterval: 100_000, random: 0 };
  assertEquals([1_000_000, Infinity, 40_000, 0].map((left) => refreshPause(left, pace)), [
    ...[100_000, 100_000, 20_000, 1_000],
  ]);
  assertEquals(refreshPause(Infinity, { ...pace, random: 1 }), 90_000);
});

Deno.test("retryPause() doubles up to the interval, a little more or less by chance", () => {
  const pace = { refreshInterval: 60_000, random: 0.5 };
  assertEquals([1, 2, 3, 4, 1_000].map((failures) => retryPause(failures, pace)), [
    ...[10_000, 20_000, 40_000, 60_000, 60_000],
  ]);
  assertEquals([0, 1].map((random) => retryPause(1, { ...pace, random })), [7_500, 12_500]);
});
