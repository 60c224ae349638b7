/** Which of the project's targets a run reached. Pure. */

import { type Best, best, engines, peers, ratio, type Results } from "./comparison.ts";
import type { Row, Target } from "./experiment.ts";
import { BARE, OURS } from "./proxies.ts";
import { median } from "./statistics.ts";
import { markdown } from "./table.ts";

/** The result for one target. */
export interface Verdict {
  readonly row: string;
  readonly title: string;
  /** The proxy of ours that is judged; undefined if it has no figure. */
  readonly name: string | undefined;
  /** In the unit of the limit. */
  readonly figure: number | undefined;
  readonly limit: number;
  /** The limit in words. */
  readonly wanted: string;
  readonly verdict: "reached" | "missed" | "unknown";
}

/** Compares the better of stud's engines with each row's target, and stud on Node with bare Node. */
export function verdicts(
  rows: readonly Row[],
  names: readonly string[],
  results: Results,
): Verdict[] {
  return rows.flatMap((row) => {
    const found: Verdict[] = [];
    if (row.target !== undefined && engines(names).length > 0) {
      found.push(judge(row, row.target, names, results));
    }
    if (row.timesBare !== undefined && names.includes(OURS.node)) {
      const node = best(results, row.id, [OURS.node]);
      const figure = ratio(node, best(results, row.id, [BARE]));
      found.push(verdict(row, node, figure, row.timesBare, `${row.timesBare} of ${BARE}`));
    }
    return found;
  });
}

/** The verdicts as a Markdown table; empty if there are none. */
export function targetTable(judged: readonly Verdict[]): string {
  if (judged.length === 0) return "";
  const lines = judged.map(({ title, name, figure, limit, wanted, verdict }) => [
    title,
    name ?? "–",
    figure?.toFixed(limit >= 10 ? 1 : 2) ?? "–",
    `at most ${wanted}`,
    verdict,
  ]);
  return markdown(["target", "better engine", "figure", "wanted", ""], lines);
}

function judge(row: Row, target: Target, names: readonly string[], results: Results): Verdict {
  const ours = best(results, row.id, engines(names));
  if ("atMost" in target) {
    const figure = ours && median(ours.values);
    return verdict(row, ours, figure, target.atMost, `${target.atMost}`);
  }
  if ("timesPeer" in target) {
    const peer = best(results, row.id, peers(names));
    const wanted = `${target.timesPeer} of ${peer?.name ?? "the best peer"}`;
    return verdict(row, ours, ratio(ours, peer), target.timesPeer, wanted);
  }
  const base = ours && best(results, target.row, [ours.name]);
  const wanted = `${target.timesRow} of none idle`;
  return verdict(row, ours, ratio(ours, base), target.timesRow, wanted);
}

function verdict(
  { id, title }: Row,
  ours: Best | undefined,
  figure: number | undefined,
  limit: number,
  wanted: string,
): Verdict {
  const verdict = figure === undefined ? "unknown" : figure <= limit ? "reached" : "missed";
  return { row: id, title, name: ours?.name, figure, limit, wanted, verdict };
}
