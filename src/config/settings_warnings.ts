/** Warnings about values that are accepted, but not exactly as they were written. */

import type { OptionName } from "./options.ts";
import { OBSOLETE_OPTIONS } from "./options.ts";
import type { RawValue, RawValues } from "./raw_values.ts";
import { parseFlag } from "./raw_values.ts";

/** A line for each value without effect, and for each that was accepted only in part. */
export function settingsWarnings(values: RawValues): string[] {
  const obsolete = OBSOLETE_OPTIONS.flatMap(({ name, obsolete }) =>
    (values.get(name) ?? []).map(({ origin }) => `${origin}: ignored: ${obsolete}`)
  );
  const useless = ALONE_OF_NO_USE.filter(([name, other]) =>
    isOn(values, name) && !isOn(values, other)
  )
    .map(([name, other]) => `${values.get(name)!.at(-1)!.origin}: no effect without --${other}`);
  return [...obsolete, ...useless, ...[...values.values()].flat().flatMap(ownWarnings)];
}

function isOn(values: RawValues, name: OptionName): boolean {
  const text = values.get(name)?.at(-1)?.text;
  return text !== undefined && parseFlag(text) !== false;
}

function ownWarnings({ origin, warning, block, frontend }: RawValue): string[] {
  return [
    ...warning === undefined ? [] : [`${origin}: ${warning}`],
    ...[block, frontend].flatMap((inner) => inner === undefined ? [] : settingsWarnings(inner)),
  ];
}

/** Hitch accepts the first without the second; without `--compat` that is an error elsewhere. */
const ALONE_OF_NO_USE = [
  ["pem-dir-glob", "pem-dir"],
  ["proxy-client-cert", "write-proxy-v2"],
] as const satisfies readonly (readonly [OptionName, OptionName])[];
