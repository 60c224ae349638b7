/** Cells to count in, and what becomes of too many of them. */

import { FAMILIES, type FamilyName } from "../../../src/metrics/families.ts";
import { Histogram, MAX_SERIES, Registry } from "../../../src/metrics/registry.ts";
import { isSeriesValue, parseSeriesKey } from "../../../src/metrics/series.ts";
import { assert, assertEquals } from "../../support/assert.ts";

Deno.test("the same labels are the same cell, others another one", () => {
  const registry = new Registry();
  const one = registry.counter("without_close_notify", ["a", "client"]);
  one.value++;
  registry.counter("without_close_notify", ["a", "client"]).value++;
  registry.counter("without_close_notify", ["a", "backend"]).value++;
  assertEquals([...registry.values()], [
    ['["without_close_notify","a","client"]', 2],
    ['["without_close_notify","a","backend"]', 1],
  ]);
});

Deno.test("a histogram counts each value in the first bucket that holds it", () => {
  const histogram = new Histogram([1, 2.5]);
  for (const value of [0, 1, 1.1, 2.5, 2.6, 1e9]) histogram.observe(value);
  assertEquals([histogram.counts, histogram.total], [[2, 2, 2], 6]);
  assertEquals(histogram.sum, 1e9 + 7.2);
});

Deno.test("a time that two clocks make negative is counted, as a value that a supervisor accepts", () => {
  const registry = new Registry();
  registry.histogram("connection_duration_seconds", ["web"]).observe(-0.0004);
  const [[, value]] = [...registry.values()] as [[string, number[]]];
  assertEquals([value[0], value.at(-1)], [1, 0]);
  assert(isSeriesValue(value, FAMILIES.connection_duration_seconds));
});

Deno.test("what is beyond the max number of series of a family is counted together", () => {
  const registry = new Registry();
  for (let name = 0; name < MAX_SERIES; name++) {
    registry.counter("backend_failures", [`${name}`, "refused"]).value++;
  }
  for (let name = 0; name < 3; name++) {
    registry.counter("backend_failures", [`new ${name}`, "refused"]).value++;
  }
  registry.counter("backend_failures", ["0", "refused"]).value++;
  const values = registry.values();
  assertEquals(values.size, MAX_SERIES + 1);
  assertEquals(values.get('["backend_failures","other","other"]'), 3);
  assertEquals(values.get('["backend_failures","0","refused"]'), 2);
  registry.counter("backend_connects", ["a"]).value++;
  assertEquals(registry.values().get('["backend_connects","a"]'), 1);
});

Deno.test("every value is one that a supervisor accepts, whatever the labels", () => {
  const registry = new Registry();
  registry.counter("connections_accepted", ["line\nfeed \u202e" + "x".repeat(300)]).value++;
  registry.gauge("connections_active", ['"quoted"']).value++;
  registry.histogram("handshake_duration_seconds", [""]).observe(0.0000001);
  for (const [key, value] of registry.values()) {
    const series = parseSeriesKey(key);
    assert(series !== undefined && isSeriesValue(value, FAMILIES[series.family]), key);
  }
});

Deno.test("the table of families is one that Prometheus can show", () => {
  for (const [name, family] of Object.entries(FAMILIES)) {
    assert(/^[a-z]+(_[a-z]+)*$/.test(name) && !name.endsWith("_total"), name);
    assert(family.help.endsWith("."), name);
    assertEquals(name.endsWith("_seconds") || name.endsWith("_bytes"), "unit" in family, name);
    assertEquals(family.kind === "histogram", "bounds" in family, name);
    if (!("bounds" in family)) continue;
    assertEquals([...family.bounds].sort((one, other) => one - other), [...family.bounds]);
  }
  const bounded: FamilyName[] = ["handshakes", "handshake_failures"];
  for (const name of bounded) assert(!FAMILIES[name].labels.includes("client" as never));
});
