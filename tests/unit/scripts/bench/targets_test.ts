/** The verdicts on the project's targets. */

import { assertEquals } from "@std/assert";
import type { Row, Target } from "../../../../scripts/bench/experiment.ts";
import { EXPERIMENTS } from "../../../../scripts/bench/rows.ts";
import { targetTable, type Verdict, verdicts } from "../../../../scripts/bench/targets.ts";

const ROW = { id: "work", title: "CPU of work", digits: 1 };

/** What of each row was measured, by proxy. */
type Figures = Readonly<Record<string, Readonly<Record<string, number>>>>;

function judge(row: Row, figures: Figures): Pick<Verdict, "name" | "figure" | "verdict">[] {
  const results = new Map(
    Object.entries(figures).map(([row, byName]) => [
      row,
      new Map(Object.entries(byName).map(([name, value]) => [name, [{ row, value }]])),
    ]),
  );
  return verdicts([row], Object.keys(figures[ROW.id] ?? {}), results)
    .map(({ name, figure, verdict }) => ({ name, figure, verdict }));
}

function withTarget(target: Target): Row {
  return { ...ROW, target };
}

Deno.test("verdicts() judges the better engine by the best peer", () => {
  const work = { "stud": 5, "stud (OpenSSL)": 4, "hitch": 10, "nginx": 8 };
  assertEquals(judge(withTarget({ timesPeer: 0.5 }), { work }), [
    { name: "stud (OpenSSL)", figure: 0.5, verdict: "reached" },
  ]);
  assertEquals(judge(withTarget({ timesPeer: 0.45 }), { work }), [
    { name: "stud (OpenSSL)", figure: 0.5, verdict: "missed" },
  ]);
});

Deno.test("verdicts() takes a figure in the row's own unit", () => {
  const row = withTarget({ atMost: 75 });
  assertEquals(judge(row, { work: { stud: 75 } }), [
    { name: "stud", figure: 75, verdict: "reached" },
  ]);
  assertEquals(judge(row, { work: { stud: 75.1 } }), [
    { name: "stud", figure: 75.1, verdict: "missed" },
  ]);
});

Deno.test("verdicts() compares a row with another of the same engine", () => {
  const row = withTarget({ timesRow: 1.15, row: "alone" });
  // Here rustls is better, alone OpenSSL was.
  const work = { "stud": 10, "stud (OpenSSL)": 12, "hitch": 1 };
  const alone = { "stud": 8, "stud (OpenSSL)": 4, "hitch": 1 };
  assertEquals(judge(row, { work, alone }), [{ name: "stud", figure: 1.25, verdict: "missed" }]);
  assertEquals(judge(row, { work }), [{ name: "stud", figure: undefined, verdict: "unknown" }]);
});

Deno.test("verdicts() knows nothing without a peer, and judges no peer", () => {
  const row = withTarget({ timesPeer: 0.9 });
  assertEquals(judge(row, { work: { stud: 5, "bare Node": 5 } }), [
    { name: "stud", figure: undefined, verdict: "unknown" },
  ]);
  assertEquals(judge(row, { work: { hitch: 5, nginx: 6 } }), []);
});

Deno.test("verdicts() judges stud on Node by the bare program alone", () => {
  const row = { ...withTarget({ timesPeer: 0.9 }), timesBare: 0.5 };
  assertEquals(judge(row, { work: { "stud (Node)": 4, "bare Node": 6, "hitch": 1 } }), [
    { name: "stud (Node)", figure: 4 / 6, verdict: "missed" },
  ]);
  assertEquals(judge(row, { work: { "stud (Node)": 4, "hitch": 1 } }), [
    { name: "stud (Node)", figure: undefined, verdict: "unknown" },
  ]);
});

Deno.test("targetTable() has a line for each verdict, and is empty without", () => {
  assertEquals(targetTable([]), "");
  const line = targetTable([{
    row: "work",
    title: "CPU of work",
    name: "stud",
    figure: 0.5,
    limit: 0.9,
    wanted: "0.9 of hitch",
    verdict: "reached",
  }]).split("\n").at(-1);
  assertEquals(line, "| CPU of work | stud | 0.50 | at most 0.9 of hitch | reached |");
});

Deno.test("the rows have ids of their own, and targets refer to rows that there are", () => {
  const rows = EXPERIMENTS.flatMap(({ rows }) => rows);
  const ids = rows.map(({ id }) => id);
  assertEquals(new Set(ids).size, ids.length);
  for (const { target } of rows) {
    if (target !== undefined && "row" in target) assertEquals(ids.includes(target.row), true);
  }
});
