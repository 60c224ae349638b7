/** The table of a benchmark: its cells, and which figures it compares. */

import { assertEquals } from "@std/assert";
import type { Row, Sample } from "../../../../scripts/bench/experiment.ts";
import { table } from "../../../../scripts/bench/table.ts";

const ROW: Row = { id: "work", title: "CPU of work", digits: 1 };

function results(values: Readonly<Record<string, number | Omit<Sample, "row">>>) {
  const samples = Object.entries(values).map(([name, value]): [string, Sample[]] => [
    name,
    [{ row: ROW.id, ...(typeof value === "number" ? { value, cpuSeconds: 2 } : value) }],
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

Deno.test("table() distinguishes a row that failed from one that was not measured", () => {
  const failed = new Map([[ROW.id, new Map([["hitch", []]])]]);
  const [, line] = cells(table([ROW], ["hitch", "nginx"], failed));
  assertEquals(line, ["CPU of work", "failed", "–"]);
});

Deno.test("table() has no ratio to a figure of nothing", () => {
  const [, line] = cells(table([ROW], ["stud", "nginx"], results({ stud: 5, nginx: 0 })));
  assertEquals(line, ["CPU of work", "5.0", "0.0", "–"]);
});

Deno.test("table() marks what was read from too little processor time", () => {
  const measured = results({ stud: { value: 5, cpuSeconds: 0.5 } });
  assertEquals(cells(table([ROW], ["stud"], measured))[1], ["CPU of work", "5.0†"]);
});
