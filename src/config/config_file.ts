/**
 * The configuration file of stud and of hitch: `key = value`, and pem-file and frontend blocks in braces. It
 * turns the entries into raw values and refuses unknown keys, options of the command line only, keys in the
 * wrong place, and blocks of other keys. Its syntax is `config_syntax.ts`. Reading the file is the caller's,
 * what values mean is settled in `command.ts`.
 *
 * An empty value leaves an option unset; without quotes only one that has no default.
 */

import { UsageError } from "../errors.ts";
import type { ConfigEntry, ConfigText, KeyRules } from "./config_syntax.ts";
import { configEntries } from "./config_syntax.ts";
import { nearest, suggestion } from "./nearest.ts";
import type { Option, OptionName } from "./options.ts";
import { BLOCKS, OBSOLETE_OPTIONS, OPTIONS } from "./options.ts";
import { quote } from "./quote.ts";
import type { RawValue, RawValues } from "./raw_values.ts";

export type { ConfigText } from "./config_syntax.ts";

/**
 * Reads a configuration file.
 *
 * @throws UsageError that names file, line, column and the offending text
 */
export function parseConfigFile(config: ConfigText): RawValues {
  return rawValues(configEntries(config, rules), undefined);
}

function rawValues(
  entries: Iterable<ConfigEntry>,
  outer: string | undefined,
): Map<OptionName, RawValue[]> {
  const values = new Map<OptionName, RawValue[]>();
  for (const entry of entries) {
    const option = optionOf(entry, outer);
    const raw = typeof entry.value === "string"
      ? textValue(entry, entry.value, option)
      : option.name === "frontend"
      ? frontendBlock(entry, entry.value)
      : pemBlock(entry, entry.value);
    if (raw === undefined) continue;
    const earlier = values.get(option.name);
    if (earlier) earlier.push(raw);
    else values.set(option.name, [raw]);
  }
  return values;
}

function textValue(entry: ConfigEntry, text: string, option: Option): RawValue | undefined {
  const origin = originOf(entry);
  // Where nobody may connect but those who are named, no name must not mean everybody.
  const isRefused = option.type.kind === "client-name";
  if (text !== "" || option.emptyIsOff || isRefused) return { text, origin };
  if (entry.quoted || option.default === undefined) return undefined;
  throw new UsageError(`${origin}: ${quote(entry.written)}: the value is missing`);
}

/** The raw value of a pem-file whose block holds `entries`. */
function pemBlock(block: ConfigEntry, entries: readonly ConfigEntry[]): RawValue {
  const inner = singleValues(entries, "pem-file");
  const certificate = inner.get("cert")?.[0];
  if (certificate === undefined) {
    throw new UsageError(`${blockOrigin(block)}: the block names no certificate; add cert = FILE`);
  }
  inner.delete("cert");
  return { text: certificate.text, origin: blockOrigin(block), block: inner };
}

/** The raw value of a frontend whose block holds `entries`. */
function frontendBlock(block: ConfigEntry, entries: readonly ConfigEntry[]): RawValue {
  const inner = rawValues(entries, "frontend");
  const [host, port] = (["host", "port"] as const).map((name) => inner.get(name)?.at(-1)?.text);
  if (port === undefined) {
    throw new UsageError(`${blockOrigin(block)}: the block names no port; add port = PORT`);
  }
  if (/\+/.test(host + port)) {
    throw new UsageError(
      `${
        blockOrigin(block)
      }: a certificate does not stand behind the address here; add pem-file = FILE`,
    );
  }
  inner.delete("host");
  inner.delete("port");
  const text = `[${host?.replace(/^\[(.*)\]$/s, "$1") ?? "*"}]:${port}`;
  return { text, origin: blockOrigin(block), frontend: inner };
}

/** Of the keys of a pem-file block each can be there once, names of clients apart. */
function singleValues(
  entries: readonly ConfigEntry[],
  outer: string,
): Map<OptionName, RawValue[]> {
  const values = new Map<OptionName, RawValue[]>();
  for (const entry of entries) {
    const { name, type } = optionOf(entry, outer);
    const earlier = values.get(name) ?? [];
    if (earlier.length > 0 && type.kind !== "client-name") {
      throw new UsageError(`${entry.place}: ${entry.key}: the block has two of it`);
    }
    const [raw] = rawValues([entry], outer).get(name) ?? [];
    if (raw) values.set(name, [...earlier, raw]);
  }
  return values;
}

const rules: KeyRules = {
  checkBlock(key, place, outer) {
    const { name } = optionOf({ key, place }, outer);
    if (name === "pem-file" || name === "frontend") return;
    throw new UsageError(
      `${place}: ${quote(key)}: only pem-file and frontend take a block in braces`,
    );
  },
  isList(key) {
    const kind = keysIn(undefined).get(key)?.type.kind;
    return kind === "tls-protocols" || kind === "alpn-protocols";
  },
};

function originOf({ valuePlace, key }: ConfigEntry): string {
  return `${valuePlace}: ${key}`;
}

function blockOrigin({ place, key }: ConfigEntry): string {
  return `${place}: ${key}`;
}

/** The option that `key` sets in the block of the key `outer`, or outside of all. */
function optionOf(
  { key, place }: Pick<ConfigEntry, "key" | "place">,
  outer: string | undefined,
): Option<OptionName> {
  const known = keysIn(outer);
  const option = known.get(key);
  if (option) return option;
  const at = `${place}: ${quote(key)}`;
  if (outer !== undefined && keysIn(undefined).has(key)) {
    throw new UsageError(
      `${at} does not belong in a ${outer} block, which takes ${[...known.keys()].join(", ")}`,
    );
  }
  if (OPTIONS.some((other) => other.name === key)) {
    throw new UsageError(`${at} is an option for the command line only`);
  }
  const block = BLOCKS.find((each) => keysIn(each.key).has(key));
  if (block !== undefined) {
    throw new UsageError(`${at} stands only inside ${block.key} = { }`);
  }
  throw new UsageError(
    `${place}: unknown key ${quote(key)}${suggestion(nearest(key, known.keys()))}`,
  );
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

function keysIn(outer: string | undefined): Map<string, Option<OptionName>> {
  return outer === undefined ? TOP : IN_BLOCK.get(outer)!;
}

const TOP = keyMap([...OPTIONS, ...OBSOLETE_OPTIONS]);
const IN_BLOCK = new Map<string, Map<string, Option<OptionName>>>(
  BLOCKS.map(({ key, options }) => [key, keyMap(options)]),
);
