/** Turns samples into a Markdown table with medians and ratios. Pure. */

import { best, engines, isOurs, peers, ratio, reallyResumed, type Results } from "./comparison.ts";
import type { Row, Sample } from "./experiment.ts";
import { BARE, OURS } from "./proxies.ts";
import { median, spread } from "./statistics.ts";

/** The Markdown table: a column for each proxy, then the comparisons that are possible between them. */
export function table(rows: readonly Row[], names: readonly string[], results: Results): string {
  const compared = comparisons(names);
  const head = ["", ...names, ...compared.map(({ title }) => title)];
  const lines = rows.map((row) => {
    const ratios = compared.map(({ ours, bases }) =>
      ratio(best(results, row.id, ours), best(results, row.id, bases))
    );
    return [
      row.title,
      ...names.map((name) => cell(results.get(row.id)?.get(name), row.digits)),
      ...ratios.map((each) => each?.toFixed(2) ?? "–"),
    ];
  });
  return markdown(head, lines);
}

/** A Markdown table whose first column is text and whose others are figures. */
export function markdown(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column === 0 ? "---" : "--:"));
  return [head, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** A column of the table: the best of `ours` relative to the best of `bases`. */
interface Comparison {
  readonly title: string;
  readonly ours: readonly string[];
  readonly bases: readonly string[];
}

/**
 * Each stud relative to hitch, the better of stud's engines relative to the best peer, and stud on Node relative to the
 * bare program. Comparisons with an unmeasured side are left out.
 */
function comparisons(names: readonly string[]): Comparison[] {
  const program = engines(names);
  const better = program.length > 1 ? "best" : short(program[0] ?? "");
  const all = [
    ...names.filter(isOurs).map((name) => ({
      title: `${short(name)}/hitch`,
      ours: [name],
      bases: ["hitch"],
    })),
    { title: `${better}/best peer`, ours: program, bases: peers(names) },
    { title: `${short(OURS.node)}/bare`, ours: [OURS.node], bases: [BARE] },
  ];
  const measured = (side: readonly string[]) => side.some((name) => names.includes(name));
  return all.filter(({ ours, bases }) => measured(ours) && measured(bases));
}

/** For the head of a ratio: the name, or the text in parentheses that distinguishes it. */
function short(name: string): string {
  return /\((.*)\)/.exec(name)?.[1] ?? name;
}

/** The median, and half of the range of the middle half. */
function cell(samples: readonly Sample[] | undefined, digits: number): string {
  if (samples === undefined) return "–";
  if (samples.length === 0) return "failed";
  if (!reallyResumed(samples)) {
    const resumed = Math.min(...samples.map((sample) => sample.resumed ?? 1));
    return `– (${Math.round(resumed * 100)} % resumed)`;
  }
  const values = samples.map((sample) => sample.value);
  const used = samples.reduce((sum, { cpuSeconds = Infinity }) => sum + cpuSeconds, 0);
  return median(values).toFixed(digits) + (used < ENOUGH_CPU_SECONDS ? "†" : "") +
    (values.length < 2 ? "" : ` ±${Math.round(spread(values) * 100)} %`);
}

/** Below this, a clock tick is more than one percent, and the cell is marked. */
export const ENOUGH_CPU_SECONDS = 1;
