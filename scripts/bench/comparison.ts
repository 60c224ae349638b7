/** Which figures are compared, and how: the better of stud's engines, the best peer, their ratio. Pure. */

import type { Sample } from "./experiment.ts";
import { BARE, OURS } from "./proxies.ts";
import { median, medianRatio } from "./statistics.ts";

/** The samples of every row and proxy, by row id and proxy name. A row that failed has none. */
export type Results = ReadonlyMap<string, ReadonlyMap<string, readonly Sample[]>>;

/** The proxy with the best figure in a row. */
export interface Best {
  readonly name: string;
  readonly values: readonly number[];
}

/** The best of some proxies in a row; undefined if none of them has a figure. */
export function best(results: Results, row: string, names: readonly string[]): Best | undefined {
  const figures = names.flatMap((name) => {
    const values = comparable(results.get(row)?.get(name));
    return values === undefined ? [] : [{ name, values }];
  });
  return figures.toSorted((a, b) => median(a.values) - median(b.values))[0];
}

/** The figure relative to the base; undefined if one is missing or the base is 0. */
export function ratio(figure: Best | undefined, base: Best | undefined): number | undefined {
  if (figure === undefined || base === undefined) return undefined;
  const value = medianRatio(figure.values, base.values);
  return Number.isFinite(value) ? value : undefined;
}

/** stud with each of its engines. The user chooses among them. */
export function engines(names: readonly string[]): string[] {
  return names.filter((name) => isOurs(name) && name !== OURS.node);
}

/** The other programs that terminate TLS. */
export function peers(names: readonly string[]): string[] {
  return names.filter((name) => !isOurs(name) && name !== BARE);
}

/** Whether the proxy is stud, with any engine and runtime. */
export function isOurs(name: string): boolean {
  return Object.values<string>(OURS).includes(name);
}

/** The values, unless too few handshakes resumed that should. */
function comparable(samples: readonly Sample[] | undefined): number[] | undefined {
  if (!samples || samples.length === 0) return undefined;
  if (!reallyResumed(samples)) return undefined;
  return samples.map((sample) => sample.value);
}

/** Whether handshakes resumed where they should. */
export function reallyResumed(samples: readonly Sample[]): boolean {
  return samples.every(({ resumed = 1 }) => resumed >= REALLY_RESUMED);
}

/** The first connection of each client cannot resume, and occasionally another one does not. */
const REALLY_RESUMED = 0.95;
