/**
 * Which of hitch's ways to choose versions counts: `tls-protos`, and the older `tls` and `ssl`. Hitch refuses two of them
 * in one place of a configuration file, and `--tls` or `--ssl` against a file's `tls-protos`. Two on one command line are
 * refused here too, where hitch forgets `--tls-protos` and serves old versions that nobody wants.
 */

import { UsageError } from "../errors.ts";
import type { OptionName } from "./options.ts";
import type { RawValue, RawValues } from "./raw_values.ts";
import { parseFlag } from "./raw_values.ts";

/**
 * The values of the file that count beside those of the command line, which replaces its versions.
 *
 * @throws UsageError that names both options
 */
export function withoutReplacedVersions(commandLine: RawValues, configFile: RawValues): RawValues {
  const [argued] = checked(commandLine);
  const [filed] = checked(configFile);
  for (const { frontend } of configFile.get("frontend") ?? []) if (frontend) checked(frontend);
  if (argued === undefined) return configFile;
  if (filed?.name === "tls-protos" && argued.name !== "tls-protos") throw exclusion(argued, filed);
  return new Map([...configFile].filter(([name]) => !VERSIONS.includes(name)));
}

interface Said {
  readonly name: OptionName;
  readonly raw: RawValue;
}

/** What chooses versions here; a flag that is off says nothing. */
function checked(values: RawValues): Said[] {
  const said = VERSIONS.flatMap((name): Said[] => {
    const raw = values.get(name)?.at(-1);
    const isSilent = raw === undefined || name !== "tls-protos" && parseFlag(raw.text) === false;
    return isSilent ? [] : [{ name, raw }];
  });
  const [first, second] = said;
  if (first && second) throw exclusion(first, second);
  return said;
}

function exclusion(one: Said, other: Said): UsageError {
  return new UsageError(
    `${one.raw.origin} and ${other.raw.origin} exclude each other; keep tls-protos and name every version`,
  );
}

const VERSIONS: readonly OptionName[] = ["tls", "ssl", "tls-protos"];
