/** Turns samples into what is printed: the Markdown table with medians and ratios, and the targets. */

import type { Sample } from "./measurement.ts";
import { BARE, OURS } from "./proxies.ts";
import type { Row, Target } from "./rows.ts";

/** The samples of every row and proxy, by row id and proxy name. A failed measurement is not among them. */
export type Results = ReadonlyMap<string, ReadonlyMap<string, readonly Sample[]>>;

/** The Markdown table: a column for each proxy, then the comparisons that those allow. */
export function table(rows: readonly Row[], names: readonly string[], results: Results): string {
  const compared = comparisons(names);
  const head = ["", ...names, ...compared.map(({ title }) => title)];
  const lines = rows.map((row) => {
    const figures = results.get(row.id);
    const values = (name: string) => comparable(figures?.get(name));
    const best = (of: readonly string[]) =>
      values(of.toSorted((a, b) => middle(values(a)) - middle(values(b)))[0] ?? "");
    const ratios = compared.map(({ ours, bases }) => ratio(best(ours), best(bases)));
    return [
      row.title,
      ...names.map((name) => cell(figures?.get(name), row.digits)),
      ...ratios.map((each) => each?.toFixed(2) ?? "–"),
    ];
  });
  const rule = head.map((_, column) => (column === 0 ? "---" : "--:"));
  return [head, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The best of `ours` relative to the best of `bases`, a column of the table. */
interface Comparison {
  readonly title: string;
  readonly ours: readonly string[];
  readonly bases: readonly string[];
}

/**
 * Each stud relative to hitch, the better of the program's engines relative to the best peer, and stud on Node
 * relative to the bare program; without those of which a side was not measured.
 */
function comparisons(names: readonly string[]): Comparison[] {
  const ours = names.filter(isOurs);
  const peers = names.filter((name) => !isOurs(name) && name !== BARE);
  // A user of the program chooses among its engines; one of the npm package has no choice.
  const engines = ours.filter((name) => name !== OURS.node);
  const best = engines.length > 1 ? "best" : short(engines[0] ?? "");
  const all = [
    ...ours.map((name) => ({ title: `${short(name)}/hitch`, ours: [name], bases: ["hitch"] })),
    { title: `${best}/best peer`, ours: engines, bases: peers },
    { title: `${short(OURS.node)}/bare`, ours: [OURS.node], bases: [BARE] },
  ];
  const measured = (side: readonly string[]) => side.some((name) => names.includes(name));
  return all.filter(({ ours, bases }) => measured(ours) && measured(bases));
}

/** A line for each target of each stud that was measured. */
export function targets(rows: readonly Row[], names: readonly string[], results: Results): string {
  const ours = Object.entries(OURS).filter(([, name]) => names.includes(name));
  return ours.flatMap(([id, name]) =>
    rows.flatMap((row) => {
      const target = row.targets?.[id as keyof typeof OURS];
      return target === undefined ? [] : [targetLine(row, name, target, results)];
    })
  ).join("\n");
}

function targetLine(
  { id, title, digits }: Row,
  name: string,
  target: Target,
  results: Results,
): string {
  const values = (name: string) => comparable(results.get(id)?.get(name));
  const ours = values(name);
  const times = (limit: number, base: string) =>
    [ratio(ours, values(base)), limit, `at most ${limit} of ${base}`] as const;
  const [figure, limit, wanted] = "atMost" in target
    ? [ours && median(ours), target.atMost, `at most ${target.atMost}`]
    : "timesBare" in target
    ? times(target.timesBare, BARE)
    : times(target.timesHitch, "hitch");
  const verdict = figure === undefined ? "unknown" : figure <= limit ? "met" : "MISSED";
  const shown = figure?.toFixed("atMost" in target ? digits : 2) ?? "–";
  return `- ${verdict}: ${name}: ${title}: ${shown}, ${wanted}`;
}

function isOurs(name: string): boolean {
  return Object.values<string>(OURS).includes(name);
}

/** For a ratio's head: the name, or what in parentheses tells it from its like. */
function short(name: string): string {
  return /\((.*)\)/.exec(name)?.[1] ?? name;
}

/** The median, with half of what its middle half spreads over. */
function cell(samples: readonly Sample[] | undefined, digits: number): string {
  if (!samples || samples.length === 0) return "failed";
  const resumed = Math.min(...samples.map((sample) => sample.resumed ?? 1));
  if (resumed < REALLY_RESUMED) return `– (${Math.round(resumed * 100)} % resumed)`;
  const values = samples.map((sample) => sample.value).toSorted((a, b) => a - b);
  const used = samples.reduce((sum, { cpuSeconds = Infinity }) => sum + cpuSeconds, 0);
  const quarter = values.length >> 2;
  const spread = (values[values.length - 1 - quarter]! - values[quarter]!) / 2 / median(values);
  return median(values).toFixed(digits) + (used < ENOUGH_CPU_SECONDS ? "†" : "") +
    (values.length < 2 ? "" : ` ±${Math.round(spread * 100)} %`);
}

/** The values, unless the handshakes that should have resumed did not. */
function comparable(samples: readonly Sample[] | undefined): number[] | undefined {
  if (!samples || samples.length === 0) return undefined;
  if (samples.some(({ resumed = 1 }) => resumed < REALLY_RESUMED)) return undefined;
  return samples.map((sample) => sample.value);
}

/** The median of the ratios, sample by sample: each two were taken one right after the other. */
function ratio(figures: number[] | undefined, bases: number[] | undefined): number | undefined {
  if (figures === undefined || bases === undefined) return undefined;
  if (figures.length !== bases.length) return median(figures) / median(bases);
  return median(figures.map((figure, index) => figure / bases[index]!));
}

/** For sorting: what cannot be compared comes last. */
function middle(values: number[] | undefined): number {
  return values === undefined ? Infinity : median(values);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? NaN)) / 2;
}

/** Below this a clock tick is more than one part in a hundred; the cell is marked. */
export const ENOUGH_CPU_SECONDS = 1;
/** The first connection of each client cannot resume, and an occasional one may not. */
const REALLY_RESUMED = 0.97;
