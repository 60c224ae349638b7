/**
 * stud's configuration file: `key = value` lines, and hitch's pem-file blocks in braces. It turns the
 * entries into raw values and refuses unknown keys, options of the command line only, keys in the wrong
 * place, and blocks of other keys. Its syntax is `config_syntax.ts`. Reading the file is the caller's, what
 * values mean is settled in `command.ts`.
 *
 * An empty value leaves an option that has no default unset, and turns one off that says so.
 */

import { UsageError } from "../errors.ts";
import type { ConfigEntry, ConfigText } from "./config_syntax.ts";
import { configEntries } from "./config_syntax.ts";
import { nearest, suggestion } from "./nearest.ts";
import type { Option, OptionName } from "./options.ts";
import { OPTIONS, PEM_BLOCK_OPTIONS } from "./options.ts";
import { quote } from "./quote.ts";
import type { RawValue, RawValues } from "./raw_values.ts";

export type { ConfigText } from "./config_syntax.ts";

/**
 * Reads a configuration file.
 *
 * @throws UsageError that names file, line and the offending text
 */
export function parseConfigFile(config: ConfigText): RawValues {
  const values = new Map<OptionName, RawValue[]>();
  for (const entry of configEntries(config, checkBlock)) {
    const option = optionOfKey(entry);
    const raw = typeof entry.value === "string"
      ? rawValue(entry, entry.value, option)
      : pemBlock(entry, entry.value);
    if (raw === undefined) continue;
    const earlier = values.get(option.name);
    if (earlier) earlier.push(raw);
    else values.set(option.name, [raw]);
  }
  return values;
}

function checkBlock(key: string, place: string): void {
  if (key === "pem-file") return;
  if (key === "frontend") {
    throw new UsageError(
      `${place}: frontend: frontend blocks are hitch's syntax, which this release does not read; ` +
        "write frontend = HOST,PORT",
    );
  }
  throw new UsageError(`${place}: ${quote(key)}: only pem-file takes a block in braces`);
}

function rawValue(entry: ConfigEntry, text: string, option: Option): RawValue | undefined {
  const origin = originOf(entry);
  if (text !== "" || option.emptyIsOff) return { text, origin };
  if (option.default === undefined) return undefined;
  throw new UsageError(`${origin}: ${quote(entry.written)}: the value is missing`);
}

/** The raw value of a pem-file whose block holds `entries`. */
function pemBlock(block: ConfigEntry, entries: readonly ConfigEntry[]): RawValue {
  const inner = new Map<OptionName, RawValue>();
  for (const entry of entries) {
    const option = optionInBlock(entry);
    if (inner.has(option.name)) {
      throw new UsageError(`${originOf(entry)}: the block has two of it`);
    }
    const raw = typeof entry.value === "string" && rawValue(entry, entry.value, option);
    if (raw) inner.set(option.name, raw);
  }
  const certificate = inner.get("cert");
  if (certificate === undefined) {
    throw new UsageError(
      `${originOf(block)}: the block names no certificate; add cert = FILE`,
    );
  }
  inner.delete("cert");
  return { text: certificate.text, origin: originOf(block), block: inner };
}

function originOf({ place, key }: ConfigEntry): string {
  return `${place}: ${key}`;
}

function optionOfKey({ key, place }: ConfigEntry): Option<OptionName> {
  const option = byKey.get(key);
  if (option) return option;
  if (OPTIONS.some((other) => other.name === key)) {
    throw new UsageError(`${place}: ${quote(key)} is an option for the command line only`);
  }
  if (byBlockKey.has(key)) {
    throw new UsageError(`${place}: ${quote(key)} stands only inside pem-file = { }`);
  }
  throw unknownKey(key, place, byKey.keys());
}

function optionInBlock({ key, place }: ConfigEntry): Option<OptionName> {
  const option = byBlockKey.get(key);
  if (option) return option;
  if (byKey.has(key)) {
    throw new UsageError(
      `${place}: ${quote(key)} does not belong in a pem-file block, which takes ` +
        `${[...byBlockKey.keys()].join(", ")}`,
    );
  }
  throw unknownKey(key, place, byBlockKey.keys());
}

function unknownKey(key: string, place: string, known: Iterable<string>): UsageError {
  return new UsageError(`${place}: unknown key ${quote(key)}${suggestion(nearest(key, known))}`);
}

function keyMap(options: readonly Option<OptionName>[]): Map<string, Option<OptionName>> {
  return new Map(
    options.flatMap((option) =>
      option.key === undefined ? [] : [option.key, ...option.aliases ?? []].map((
        key,
      ): [string, Option<OptionName>] => [key, option])
    ),
  );
}

const byKey = keyMap(OPTIONS);
const byBlockKey = keyMap(PEM_BLOCK_OPTIONS);
