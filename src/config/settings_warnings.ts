/** What the operator should know of values that are taken, but not as they were written. */

import { OBSOLETE_OPTIONS } from "./options.ts";
import type { RawValue, RawValues } from "./raw_values.ts";

/** A line for each value of no use, and for each of which only a part was taken. */
export function settingsWarnings(values: RawValues): string[] {
  const obsolete = OBSOLETE_OPTIONS.flatMap(({ name, obsolete }) =>
    (values.get(name) ?? []).map(({ origin }) => `${origin}: of no use: ${obsolete}`)
  );
  return [...obsolete, ...[...values.values()].flat().flatMap(ownWarnings)];
}

function ownWarnings({ origin, warning, frontend }: RawValue): string[] {
  return [
    ...warning === undefined ? [] : [`${origin}: ${warning}`],
    ...frontend === undefined ? [] : settingsWarnings(frontend),
  ];
}
