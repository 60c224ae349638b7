/**
 * `--compat=hitch`: the values of the command line and of the configuration file as hitch interprets them, written in
 * stud's options. The option table declares the differences (`HitchMeaning`). So later steps need to know about hitch
 * only for what is not a value: messages, and running as root.
 */

import { UsageError } from "../errors.ts";
import type { HitchMeaning, Option, OptionName } from "./options.ts";
import { optionNamed, OPTIONS } from "./options.ts";
import type { RawValue, RawValues } from "./raw_values.ts";
import { checkValues, parseFlag } from "./raw_values.ts";

/**
 * Combines both. The command line replaces the values of the file, except where hitch adds them up.
 *
 * @throws UsageError at the first text that its option cannot take, and for versions that are set twice
 */
export function hitchValues(commandLine: RawValues, configFile: RawValues): RawValues {
  const counted = withoutReplacedVersions(commandLine, configFile);
  const [argued, filed] = [inStudsWords(commandLine), inStudsWords(counted)];
  checkValues(argued);
  checkValues(filed);
  const values = new Map([...filed, ...argued]);
  for (const { name, hitch } of OPTIONS) {
    if (hitch?.adds) {
      const all = [...filed.get(name) ?? [], ...argued.get(name) ?? []];
      if (all.length > 0) values.set(name, all);
    }
    if (hitch?.default !== undefined && !values.has(name) && applies(hitch, values)) {
      values.set(name, [{ text: hitch.default, origin: "--compat" }]);
    }
  }
  return values;
}

function applies({ defaultWith }: HitchMeaning, values: RawValues): boolean {
  if (defaultWith === undefined) return true;
  return parseFlag(values.get(defaultWith as OptionName)?.at(-1)?.text ?? "off") === true;
}

function inStudsWords(values: RawValues): Map<OptionName, readonly RawValue[]> {
  const said = new Map<OptionName, readonly RawValue[]>();
  for (const [name, raws] of values) {
    const meant = raws.flatMap((raw) => inStudsWord(optionNamed(name), raw));
    for (const [option, raw] of meant) said.set(option, [...said.get(option) ?? [], raw]);
  }
  return said;
}

/** One value, or nothing if it has no meaning. */
function inStudsWord({ name, hitch }: Option<OptionName>, raw: RawValue): [OptionName, RawValue][] {
  const other = OPTIONS.find((option) => option.name === hitch?.means?.name);
  const flag = parseFlag(raw.text);
  if (other !== undefined && flag !== undefined) {
    const text = flag ? hitch!.means!.on : hitch!.means!.off;
    return text === undefined ? [] : [[other.name, { ...raw, text }]];
  }
  const frontend = raw.frontend && inStudsWords(raw.frontend);
  return [[name, { ...withoutIgnored(raw, hitch?.ignores), ...frontend && { frontend } }]];
}

/** A list without the words that hitch accepts but its library ignores, unless these are all of its words. */
function withoutIgnored(raw: RawValue, ignored: readonly string[] = []): RawValue {
  const words = raw.text.split(/[\s,]+/).filter((word) => word !== "");
  const left = words.filter((word) => !ignored.includes(word));
  if (left.length === 0 || left.length === words.length) return raw;
  const dropped = words.filter((word) => ignored.includes(word)).join(", ");
  return { ...raw, text: left.join(" "), warning: `${dropped} is left out: it is broken` };
}

/**
 * Which of the options for TLS versions counts: `tls-protos`, or the older `tls` and `ssl`. Hitch refuses two of them in
 * the same part of a configuration file, and `--tls` or `--ssl` together with a file's `tls-protos`. Two on one command
 * line are refused here too: hitch ignores `--tls-protos` then and serves old, unwanted versions.
 *
 * Returns the values of the file that count beside those of the command line. Versions on the command line replace
 * those of the file.
 *
 * @throws UsageError that names both options
 */
function withoutReplacedVersions(commandLine: RawValues, configFile: RawValues): RawValues {
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
