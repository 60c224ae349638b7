/** What `--only` and `--rows` select: comma-separated names, where a `*` at the end matches any rest. Pure. */

import type { Experiment } from "./experiment.ts";
import type { Proxy } from "./proxy.ts";

/** The proxies with these ids, or all without an option. Throws if a name matches none. */
export function selectProxies(proxies: readonly Proxy[], option: string | undefined): Proxy[] {
  if (option === undefined) return [...proxies];
  const ids = proxies.map(({ id }) => id);
  const wanted = namesIn(option, ids);
  return proxies.filter(({ id }) => wanted.has(id));
}

/**
 * The named experiments, and those with a named row. Of the latter only that row is measured, if it can be measured
 * without the others. All without an option. Throws if a name matches none.
 */
export function selectExperiments(
  experiments: readonly Experiment[],
  option: string | undefined,
): Experiment[] {
  if (option === undefined) return [...experiments];
  const ids = experiments.flatMap(({ id, rows }) => [id, ...rows.map((row) => row.id)]);
  const wanted = namesIn(option, ids);
  return experiments.flatMap((experiment) => {
    if (wanted.has(experiment.id)) return [experiment];
    const rows = experiment.rows.map(({ id }) => id).filter((id) => wanted.has(id));
    return rows.length === 0 ? [] : [experiment.only?.(rows) ?? experiment];
  });
}

function namesIn(option: string, known: readonly string[]): Set<string> {
  return new Set(
    option.toLowerCase().split(",").flatMap((name) => {
      const found = known.filter((each) =>
        name.endsWith("*") ? each.startsWith(name.slice(0, -1)) : each === name
      );
      if (found.length === 0) throw new Error(`no ${name} here; there are ${known.join(", ")}`);
      return found;
    }),
  );
}
