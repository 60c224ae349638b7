/** What the options of the benchmark choose. */

import { assertEquals, assertThrows } from "@std/assert";
import type { Experiment } from "../../../../scripts/bench/experiment.ts";
import { selectExperiments, selectProxies } from "../../../../scripts/bench/selection.ts";

function experiment(id: string, rows: string[], divisible = false): Experiment {
  return {
    id,
    group: "Group",
    rows: rows.map((row) => ({ id: row, title: row, digits: 0 })),
    measure: () => Promise.resolve(new Map()),
    ...(divisible ? { only: (rows: readonly string[]) => experiment(id, [...rows]) } : {}),
  };
}

const ALL = [
  experiment("bulk", ["bulk"]),
  experiment("p256", ["p256-12", "p256-12-one", "p256-13"], true),
  experiment("latency", ["latency-p50", "latency-p99"]),
];

function rowsOf(option: string | undefined): string[] {
  return selectExperiments(ALL, option).flatMap(({ rows }) => rows.map(({ id }) => id));
}

Deno.test("selectExperiments() takes all without an option, in the order of the table with one", () => {
  assertEquals(selectExperiments(ALL, undefined), ALL);
  assertEquals(rowsOf("latency,bulk"), ["bulk", "latency-p50", "latency-p99"]);
});

Deno.test("selectExperiments() takes single rows of an experiment that can be divided", () => {
  assertEquals(rowsOf("p256-12-one"), ["p256-12-one"]);
  assertEquals(rowsOf("p256-12*,P256-13"), ["p256-12", "p256-12-one", "p256-13"]);
  assertEquals(rowsOf("p256"), ["p256-12", "p256-12-one", "p256-13"]);
  assertEquals(rowsOf("latency-p99"), ["latency-p50", "latency-p99"]);
});

Deno.test("selectExperiments() and selectProxies() refuse names that there are not", () => {
  assertThrows(() => selectExperiments(ALL, "bulk,none"), Error, "no none here");
  assertThrows(() => selectProxies([], "hitch"), Error, "no hitch here");
});

Deno.test("selectProxies() takes those that are named", () => {
  const proxies = ["stud", "hitch", "nginx"].map((id) => ({
    id,
    name: id,
    version: "",
    command: () => [],
  }));
  const ids = (option?: string) => selectProxies(proxies, option).map(({ id }) => id);
  assertEquals(ids("nginx,stud"), ["stud", "nginx"]);
  assertEquals(ids(), ["stud", "hitch", "nginx"]);
});
