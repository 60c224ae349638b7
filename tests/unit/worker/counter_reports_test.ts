/** When a worker tells what it has counted, and when it sleeps. */

import type { CounterReport } from "../../../src/control/messages.ts";
import { Registry } from "../../../src/metrics/registry.ts";
import { newCounters } from "../../../src/proxy/counters.ts";
import { CounterReports } from "../../../src/worker/counter_reports.ts";
import { EVENTS } from "../../../src/control/messages.ts";
import { counterReports } from "../../../src/control/worker_messages.ts";
import { assertEquals } from "../../support/assert.ts";
import { ManualClock } from "../../support/manual_clock.ts";

function bench() {
  const clock = new ManualClock();
  const counters = newCounters();
  const metrics = new Registry();
  const sent: CounterReport["counters"][] = [];
  const series: string[] = [];
  const counting = { counters, metrics, ageActivity: () => {} };
  const reports = new CounterReports(clock, counting, (changed) => {
    sent.push(changed.counters);
    for (const [key, value] of changed.series ?? []) series.push(`${key} ${value}`);
  });
  return { clock, counters, metrics, sent, series, reports };
}

Deno.test("nothing is looked at before the first client, and nothing once the last has gone", async () => {
  const { clock, counters, sent, reports } = bench();
  assertEquals(clock.waiting, 0);
  counters.accepted = counters.active = 1;
  reports.wake();
  await clock.advance(1_000);
  counters.active = 0;
  await clock.advance(1_000);
  assertEquals(sent, [{ accepted: 1, active: 1 }, { active: 0 }]);
  await clock.advance(1_000);
  assertEquals([sent.length, clock.waiting], [2, 0]);
});

Deno.test("series are told once they exist and when they change, and the rest at the end", async () => {
  const { clock, counters, metrics, series, reports } = bench();
  const accepted = metrics.counter("connections_accepted", ["a"]);
  const duration = metrics.histogram("connection_duration_seconds", ["a"]);
  counters.active = 1;
  reports.wake();
  accepted.value = 2;
  await clock.advance(1_000);
  const zero = `["connection_duration_seconds","a"] ${Array(15).fill(0)}`;
  assertEquals(series.splice(0), ['["connections_accepted","a"] 2', zero]);
  await clock.advance(1_000);
  assertEquals(series, []);
  duration.observe(0.05);
  await clock.advance(5_000);
  const one = `["connection_duration_seconds","a"] 0,1,${Array(12).fill(0)},0.05`;
  assertEquals(series.splice(0), [one]);
  reports.stop();
  accepted.value++;
  counters.active = 0;
  assertEquals(reports.last(), [
    { counters: { ...counters }, series: [['["connections_accepted","a"]', 3]] },
  ]);
});

Deno.test("many series are told in several reports, and each is one that a supervisor takes", async () => {
  const { clock, metrics, sent, series, reports } = bench();
  for (let name = 0; name < 450; name++) metrics.counter("connections_accepted", [`${name}`]);
  reports.wake();
  await clock.advance(1_000);
  assertEquals([sent.length, series.length], [3, 450]);
  const parts = counterReports({}, [...metrics.values()]);
  assertEquals(parts.map((part) => EVENTS.counters(part, "counters")), parts);
  reports.stop();
});

Deno.test("what changes is told once a second, and once what has changed while clients were quiet", async () => {
  const { clock, counters, sent, reports } = bench();
  counters.accepted = counters.active = 1;
  reports.wake();
  for (let second = 0; second < 3; second++) {
    counters.bytesToClient += 100;
    reports.wake();
    await clock.advance(1_000);
  }
  assertEquals(sent.slice(1), [{ bytesToClient: 200 }, { bytesToClient: 300 }]);
  await clock.advance(1_000);
  counters.bytesToClient = 400;
  await clock.advance(4_000);
  assertEquals(sent.length, 3);
  await clock.advance(1_000);
  assertEquals(sent.slice(3), [{ bytesToClient: 400 }]);
  reports.stop();
  assertEquals(clock.waiting, 0);
});
