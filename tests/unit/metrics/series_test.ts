/** Series as they come from a worker that may lie, and sums of them. */

import { FAMILIES } from "../../../src/metrics/families.ts";
import {
  addSeries,
  isSeriesValue,
  labelText,
  MAX_LABEL,
  parseSeriesKey,
  seriesKey,
  type SeriesValue,
} from "../../../src/metrics/series.ts";
import { assert, assertEquals } from "../../support/assert.ts";

Deno.test("parseSeriesKey() takes what seriesKey() gives", () => {
  const labels = ["a.example:443", "client"];
  assertEquals(parseSeriesKey(seriesKey("without_close_notify", labels)), {
    family: "without_close_notify",
    labels,
  });
});

Deno.test("parseSeriesKey() takes no other family, number of labels or kind of text", () => {
  const wrong = [
    ...["", "connections_accepted", "{}", '["connections_accepted"]', "[]", "[1]"],
    ...['["connections_accepted","a","b"]', '["connections_accepted",7]', '["toString","a"]'],
    ...[
      '["__proto__","a"]',
      '["connections_accepted","a\\n"]',
      '["connections_accepted","\\u202e"]',
    ],
    ...[
      seriesKey("connections_accepted", ["x".repeat(MAX_LABEL + 1)]),
      seriesKey("connections_accepted", ["x".repeat(5_000)]),
    ],
  ];
  for (const key of wrong) assertEquals(parseSeriesKey(key), undefined, key);
});

Deno.test("isSeriesValue() takes whole numbers, and all of a histogram's", () => {
  const counter = FAMILIES.connections_accepted;
  const histogram = FAMILIES.handshake_duration_seconds;
  const full = [...histogram.bounds.map(() => 0), 1, 0.5];
  assert(isSeriesValue(5, counter) && isSeriesValue(full, histogram));
  for (const value of [-1, 0.5, NaN, 2 ** 53, "1", null, full]) {
    assertEquals(isSeriesValue(value, counter), false, String(value));
  }
  for (const value of [5, [], full.slice(1), [...full, 1], full.with(0, 0.5), full.with(-1, -1)]) {
    assertEquals(isSeriesValue(value, histogram), false, String(value));
  }
});

Deno.test("addSeries() adds numbers and buckets, and leaves what it adds as it is", () => {
  const time = seriesKey("handshake_duration_seconds", ["a"]);
  const accepted = seriesKey("connections_accepted", ["a"]);
  const active = seriesKey("connections_active", ["a"]);
  const values = new Map<string, SeriesValue>([[time, [1, 0.5]], [accepted, 2], [active, 1]]);
  const sums = new Map<string, SeriesValue>();
  addSeries(sums, values, false);
  assertEquals(sums.has(active), false);
  addSeries(sums, values, true);
  assertEquals([...sums], [[time, [2, 1]], [accepted, 4], [active, 1]]);
  assertEquals(values.get(time), [1, 0.5]);
});

Deno.test("labelText() is printable and short", () => {
  assertEquals(labelText("a\tb\u202ec"), "a?b?c");
  assertEquals(labelText("x".repeat(MAX_LABEL)).length, MAX_LABEL);
  assertEquals(labelText("x".repeat(MAX_LABEL + 1)), `${"x".repeat(MAX_LABEL - 1)}…`);
});
