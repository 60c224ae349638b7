/**
 * The configuration file of stud and of hitch: `key = value`, and pem-file and frontend blocks in braces. It converts
 * the entries into raw values. Unknown keys, options of the command line only, misplaced keys, duplicate keys, and
 * blocks for other keys are errors. `config_syntax.ts` parses the syntax. The caller reads the file, and `command.ts`
 * interprets the values.
 *
 * An empty value leaves an option unset; without quotes this works only for options without a default.
 */

import { ConfigFileError } from "../errors.ts";
import type { ConfigEntry, ConfigText, KeyRules } from "./config_syntax.ts";
import { configEntries } from "./config_syntax.ts";
import { nearest, suggestion } from "./nearest.ts";
import type { Option, OptionName } from "./options.ts";
import { BLOCKS, OBSOLETE_OPTIONS, OPTIONS } from "./options.ts";
import { quote } from "../wire/escape.ts";
import type { RawValue, RawValues } from "./raw_values.ts";
import type { Compat } from "./settings.ts";

export type { ConfigText } from "./config_syntax.ts";

/**
 * Parses a configuration file. Of a duplicate key hitch uses the last value, with a warning here; otherwise that is an
 * error.
 *
 * @throws ConfigFileError that names file, line, column and the offending text
 */
export function parseConfigFile(config: ConfigText, compat: Compat = "none"): RawValues {
  return rawValues(configEntries(config, rules), { outer: undefined, compat });
}

/** Where entries are. */
interface Scope {
  /** The key of the block around them. */
  readonly outer: "pem-file" | "frontend" | undefined;
  readonly compat: Compat;
}

function rawValues(entries: Iterable<ConfigEntry>, scope: Scope): Map<OptionName, RawValue[]> {
  const values = new Map<OptionName, RawValue[]>();
  const seen = new Map<OptionName, ConfigEntry>();
  for (const entry of entries) {
    const option = optionOf(entry, scope.outer);
    const former = seen.get(option.name);
    seen.set(option.name, entry);
    const isSecond = former !== undefined && !addsUp(option, scope);
    if (isSecond && scope.compat !== "hitch") throw duplicate(entry, former);
    const raw = typeof entry.value === "string"
      ? textValue(entry, entry.value, option)
      : option.name === "frontend"
      ? frontendBlock(entry, entry.value, scope)
      : pemBlock(entry, entry.value, scope);
    if (raw === undefined) continue;
    const earlier = values.get(option.name);
    const warning = "given twice; the last one is used";
    if (isSecond) values.set(option.name, [{ ...raw, warning }]);
    else if (earlier) earlier.push(raw);
    else values.set(option.name, [raw]);
  }
  return values;
}

/** A certificate has one key, although the general list may contain several private keys. */
function addsUp({ repeatable = false, type }: Option, { outer }: Scope): boolean {
  return repeatable && (outer !== "pem-file" || type.kind === "client-name");
}

function duplicate({ key, place }: ConfigEntry, former: ConfigEntry): ConfigFileError {
  const [line] = former.place.split(":").slice(-2);
  return new ConfigFileError(
    `${place}: ${quote(key)} is given twice, first on line ${line}; keep one`,
  );
}

function textValue(entry: ConfigEntry, text: string, option: Option): RawValue | undefined {
  const origin = originOf(entry);
  // Where only named clients may connect, an empty name must not admit all clients.
  const isRefused = option.type.kind === "client-name";
  if (text !== "" || option.emptyIsOff || isRefused) return { text, origin };
  if (entry.quoted || option.default === undefined) return undefined;
  throw new ConfigFileError(`${origin}: ${quote(entry.written)}: the value is missing`);
}

/** The raw value of a pem-file whose block holds `entries`. */
function pemBlock(
  block: ConfigEntry,
  entries: readonly ConfigEntry[],
  { compat }: Scope,
): RawValue {
  const inner = rawValues(entries, { outer: "pem-file", compat });
  const certificate = inner.get("cert")?.at(-1);
  if (certificate === undefined) {
    throw new ConfigFileError(
      `${blockOrigin(block)}: the block has no certificate; add cert = FILE`,
    );
  }
  inner.delete("cert");
  return { text: certificate.text, origin: blockOrigin(block), block: inner };
}

/** The raw value of a frontend whose block holds `entries`. */
function frontendBlock(
  block: ConfigEntry,
  entries: readonly ConfigEntry[],
  { compat }: Scope,
): RawValue {
  const inner = rawValues(entries, { outer: "frontend", compat });
  const [host, port] = (["host", "port"] as const).map((name) => inner.get(name)?.at(-1)?.text);
  if (port === undefined) {
    throw new ConfigFileError(`${blockOrigin(block)}: the block has no port; add port = PORT`);
  }
  if (/\+/.test(host + port)) {
    throw new ConfigFileError(
      `${blockOrigin(block)}: in a block, give the certificate as pem-file = FILE`,
    );
  }
  inner.delete("host");
  inner.delete("port");
  const text = `[${host?.replace(/^\[(.*)\]$/s, "$1") ?? "*"}]:${port}`;
  return { text, origin: blockOrigin(block), frontend: inner };
}

const rules: KeyRules = {
  checkBlock(key, place, outer) {
    const { name } = optionOf({ key, place }, outer);
    if (name === "pem-file" || name === "frontend") return;
    throw new ConfigFileError(
      `${place}: ${quote(key)}: only pem-file and frontend take a block in braces`,
    );
  },
  isKey(word) {
    return [TOP, ...IN_BLOCK.values()].some((keys) => keys.has(word));
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

/** The option that `key` sets in the block of the key `outer`, or outside of all blocks. */
function optionOf(
  { key, place }: Pick<ConfigEntry, "key" | "place">,
  outer: string | undefined,
): Option<OptionName> {
  const known = keysIn(outer);
  const option = known.get(key);
  if (option) return option;
  const at = `${place}: ${quote(key)}`;
  if (outer !== undefined && keysIn(undefined).has(key)) {
    throw new ConfigFileError(
      `${at} does not belong in a ${outer} block, which takes ${[...known.keys()].join(", ")}`,
    );
  }
  if (OPTIONS.some((other) => other.name === key)) {
    throw new ConfigFileError(`${at} is allowed only on the command line`);
  }
  const block = BLOCKS.find((each) => keysIn(each.key).has(key));
  if (block !== undefined) {
    throw new ConfigFileError(`${at} is allowed only inside ${block.key} = { }`);
  }
  throw new ConfigFileError(
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
