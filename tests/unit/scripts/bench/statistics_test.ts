/** What is made of many measured values. */

import { assertAlmostEquals, assertEquals } from "@std/assert";
import { median, medianRatio, percentile, spread } from "../../../../scripts/bench/statistics.ts";

const THOUSAND = Array.from({ length: 1000 }, (_, index) => 1000 - index);

Deno.test("percentile() is the nearest rank, whatever the order of the values", () => {
  assertEquals(percentile(THOUSAND, 50), 500);
  assertEquals(percentile(THOUSAND, 99), 990);
  assertEquals(percentile(THOUSAND, 99.9), 999);
  assertEquals(percentile(THOUSAND, 100), 1000);
});

Deno.test("percentile() of few values is one of them", () => {
  assertEquals(percentile([7], 50), 7);
  assertEquals(percentile([7], 99.9), 7);
  assertEquals(percentile([1, 2], 50), 1);
  assertEquals(percentile([1, 2], 99), 2);
  assertEquals(percentile([1, 2], 0), 1);
});

Deno.test("percentile() and median() of nothing are no numbers", () => {
  assertEquals(percentile([], 50), NaN);
  assertEquals(median([]), NaN);
});

Deno.test("median() of an even number of values is between the middle two", () => {
  assertEquals(median([10, 1, 3, 2]), 2.5);
  assertEquals(median([10, 1, 3]), 3);
});

Deno.test("spread() does not see an outlier among many values", () => {
  assertEquals(spread([10, 10, 10, 10, 10, 1000]), 0);
  assertAlmostEquals(spread([8, 8, 10, 12, 12]), 0.2);
  assertEquals(spread([5]), 0);
});

Deno.test("medianRatio() compares values that were measured one after the other", () => {
  // The machine was twice as slow for the last two.
  assertEquals(medianRatio([5, 5, 10], [10, 10, 20]), 0.5);
});

Deno.test("medianRatio() compares medians where one has fewer values", () => {
  assertEquals(medianRatio([5, 6, 7], [12, 12]), 0.5);
});
