/**
 * Which of hitch's options for TLS versions counts: `tls-protos`, or the older `tls` and `ssl`. Hitch refuses two of
 * them in the same part of a configuration file, and `--tls` or `--ssl` together with a file's `tls-protos`. Two on one
 * command line are refused here too: hitch ignores `--tls-protos` then and serves old, unwanted versions.
 */

import { UsageError } from "../errors.ts";
import type { OptionName } from "./options.ts";
import type { RawValue, RawValues } from "./raw_values.ts";
import { parseFlag } from "./raw_values.ts";

/**
 * The values of the file that count beside those of the command line. Versions on the command line replace those of the
 * file.
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

/** The options here that choose versions; a flag that is off chooses nothing. */
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
