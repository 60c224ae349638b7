/** The table of a benchmark and the verdicts under it. */

import { assertEquals } from "@std/assert";
import type { Sample } from "../../../../scripts/bench/measurement.ts";
import type { Row } from "../../../../scripts/bench/rows.ts";
import { table, targets } from "../../../../scripts/bench/table.ts";

const ROW: Row = {
  id: "work",
  title: "CPU of work",
  digits: 1,
  targets: { stud: { timesHitch: 0.6 }, openssl: { timesHitch: 0.4 }, node: { timesBare: 0.5 } },
  measure: () => Promise.resolve(new Map()),
};

function results(values: Readonly<Record<string, number | Sample>>) {
  const samples = Object.entries(values).map(([name, value]): [string, Sample[]] => [
    name,
    [typeof value === "number" ? { value, cpuSeconds: 2 } : value],
  ]);
  return new Map([[ROW.id, new Map(samples)]]);
}

const MEASURED = { "stud": 5, "stud (OpenSSL)": 4, "hitch": 10, "nginx": 8 };

/** The cells of each line but the rule. */
function cells(markdown: string): string[][] {
  return markdown.split("\n").filter((_, line) => line !== 1)
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

Deno.test("table() compares each engine with hitch, and the better one with the best peer", () => {
  const names = Object.keys(MEASURED);
  assertEquals(cells(table([ROW], names, results(MEASURED))), [
    ["", ...names, "stud/hitch", "OpenSSL/hitch", "best/best peer"],
    ["CPU of work", "5.0", "4.0", "10.0", "8.0", "0.50", "0.40", "0.50"],
  ]);
});

Deno.test("table() has no column for an engine that was not measured", () => {
  const names = ["stud (OpenSSL)", "hitch"];
  assertEquals(cells(table([ROW], names, results(MEASURED))), [
    ["", ...names, "OpenSSL/hitch", "OpenSSL/best peer"],
    ["CPU of work", "4.0", "10.0", "0.40", "0.40"],
  ]);
});

Deno.test("table() compares stud on Node with the bare program, which is no peer, and with hitch", () => {
  const measured = { ...MEASURED, "stud (Node)": 3, "bare Node": 6 };
  const names = Object.keys(measured);
  assertEquals(cells(table([ROW], names, results(measured))), [
    ["", ...names, "stud/hitch", "OpenSSL/hitch", "Node/hitch", "best/best peer", "Node/bare"],
    [
      "CPU of work",
      "5.0",
      "4.0",
      "10.0",
      "8.0",
      "3.0",
      "6.0",
      "0.50",
      "0.40",
      "0.30",
      "0.50",
      "0.50",
    ],
  ]);
});

Deno.test("table() has no ratio of which a side was not measured", () => {
  const head = (...names: string[]) => cells(table([ROW], names, results(MEASURED)))[0]?.slice(1);
  assertEquals(head("stud (Node)", "bare Node"), ["stud (Node)", "bare Node", "Node/bare"]);
  assertEquals(head("stud", "bare Node"), ["stud", "bare Node"]);
  assertEquals(head("stud (Node)", "nginx"), ["stud (Node)", "nginx"]);
});

Deno.test("table() compares nothing where stud is not there", () => {
  const [head] = cells(table([ROW], ["hitch", "nginx"], results(MEASURED)));
  assertEquals(head, ["", "hitch", "nginx"]);
});

Deno.test("table() leaves out of the ratios what should have resumed and did not", () => {
  const measured = { ...MEASURED, "stud": { value: 1, cpuSeconds: 2, resumed: 0.5 } };
  const [, line] = cells(table([ROW], Object.keys(measured), results(measured)));
  assertEquals(line, [
    "CPU of work",
    "– (50 % resumed)",
    "4.0",
    "10.0",
    "8.0",
    "–",
    "0.40",
    "0.50",
  ]);
});

Deno.test("targets() judges each engine by its own target", () => {
  const measured = results({ ...MEASURED, "stud (OpenSSL)": 4.5 });
  assertEquals(
    targets([ROW], Object.keys(MEASURED), measured),
    "- met: stud: CPU of work: 0.50, at most 0.6 of hitch\n" +
      "- MISSED: stud (OpenSSL): CPU of work: 0.45, at most 0.4 of hitch",
  );
});

Deno.test("targets() knows nothing without hitch, and leaves out what was not measured", () => {
  const measured = results({ "stud": 5 });
  assertEquals(
    targets([ROW], ["stud"], measured),
    "- unknown: stud: CPU of work: –, at most 0.6 of hitch",
  );
});

Deno.test("targets() takes a figure in the row's own unit", () => {
  const row: Row = { ...ROW, targets: { openssl: { atMost: 4 } } };
  assertEquals(
    targets([row], Object.keys(MEASURED), results(MEASURED)),
    "- met: stud (OpenSSL): CPU of work: 4.0, at most 4",
  );
});

Deno.test("targets() judges stud on Node by the bare program", () => {
  const names = ["stud (Node)", "bare Node"];
  const verdict = (ours: number, bare: number) =>
    targets([ROW], names, results({ "stud (Node)": ours, "bare Node": bare, "hitch": 100 }));
  assertEquals(verdict(3, 6), "- met: stud (Node): CPU of work: 0.50, at most 0.5 of bare Node");
  assertEquals(verdict(4, 5), "- MISSED: stud (Node): CPU of work: 0.80, at most 0.5 of bare Node");
});

Deno.test("targets() knows nothing of stud on Node without the bare program", () => {
  assertEquals(
    targets([ROW], ["stud (Node)", "hitch"], results({ "stud (Node)": 3, "hitch": 10 })),
    "- unknown: stud (Node): CPU of work: –, at most 0.5 of bare Node",
  );
});
