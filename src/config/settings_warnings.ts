/** What the operator should know of values that are taken, but not as they were written. */

import { OBSOLETE_OPTIONS } from "./options.ts";
import type { RawValue, RawValues } from "./raw_values.ts";

/** A line for each value of no use, and for each of which only a part was taken. */
export function settingsWarnings(values: RawValues): string[] {
  const obsolete = OBSOLETE_OPTIONS.flatMap(({ name, obsolete }) =>
    (values.get(name) ?? []).map(({ origin }) => `${origin}: of no use: ${obsolete}`)
  );
  // Hitch takes it; without --compat it is an error.
  const glob = values.has("pem-dir") ? undefined : values.get("pem-dir-glob")?.at(-1);
  const useless = glob === undefined ? [] : [`${glob.origin}: of no use without --pem-dir`];
  return [...obsolete, ...useless, ...[...values.values()].flat().flatMap(ownWarnings)];
}

function ownWarnings({ origin, warning, frontend }: RawValue): string[] {
  return [
    ...warning === undefined ? [] : [`${origin}: ${warning}`],
    ...frontend === undefined ? [] : settingsWarnings(frontend),
  ];
}
