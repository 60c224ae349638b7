/** Numbers as the page writes them. */

import { assertEquals } from "../../../support/assert.ts";
import { count, days, many, percent, rate, size, span } from "../../../../src/status/page/words.ts";

Deno.test("count() and many() put thousands apart", () => {
  assertEquals([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
  assertEquals([many(1, "file"), many(2000, "file")], ["1 file", "2,000 files"]);
});

Deno.test("rate() has decimals where they matter", () => {
  assertEquals([0, 0.04, 1.26, 99.9, 1234.5].map(rate), ["0", "0", "1.3", "99.9", "1,235"]);
});

Deno.test("size() has three digits and a unit", () => {
  const sizes = [null, 0, 999, 1000, 12_345, 999_600, 1e9, 5.4e18];
  const written = ["–", "0 B", "999 B", "1.00 kB", "12.3 kB", "1.00 MB", "1.00 GB", "5400 PB"];
  assertEquals(sizes.map(size), written);
});

Deno.test("percent() does not round a rest away", () => {
  assertEquals([null, 0, 0.001, 0.5, 0.9994, 1].map(percent), [
    ...["–", "0 %", "0.1 %", "50.0 %", "99.9 %", "100 %"],
  ]);
});

Deno.test("span() names the two largest units", () => {
  const spans = [null, 0, 0.0004, 0.25, 1.5, 45, 75, 660, 3600, 7_384, 90_000, 1e6];
  assertEquals(spans.map(span), [
    ...["–", "0 s", "0.4 ms", "250 ms", "1.5 s", "45 s", "1 min 15 s", "11 min", "1 h"],
    ...["2 h 3 min", "1 d 1 h", "11 d"],
  ]);
});

Deno.test("days() tells a certificate's rest, and how long ago it expired", () => {
  assertEquals([-40.2, -1.5, -0.2, 0.5, 1.9, 88].map(days), [
    ...["expired 40 days ago", "expired 1 day ago", "expired today", "12 hours", "1 day"],
    "88 days",
  ]);
});
