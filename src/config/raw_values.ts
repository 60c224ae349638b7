/**
 * Option values as text, each with its origin: the common form of the command line and the configuration file. It also
 * parses a text by its type in the option table, and uses the table's default for a missing value. Refused options, and
 * options that work together, are handled elsewhere.
 */

import { UsageError } from "../errors.ts";
import { parseBackend, parseFrontend, parseStatus, splitCertificate } from "./address.ts";
import { type ClientName, parseAlternativeName, parseCommonName } from "../x509/client_name.ts";
import { isIpAddress } from "../wire/ip_address.ts";
import { parseCipherList } from "./cipher_list.ts";
import { DURATION_FORMS, parseDuration } from "./duration.ts";
import { isHostName } from "./host.ts";
import { nearest, suggestion } from "./nearest.ts";
import type { Option, OptionName } from "./options.ts";
import { optionNamed } from "./options.ts";
import type { ListOrReason } from "./protocol_lists.ts";
import { parseAlpnProtocols, parseTlsProtocols } from "./protocol_lists.ts";
import { quote } from "../wire/escape.ts";
import type { TcpAddress, UnixAddress } from "./settings.ts";

/** One value as the operator wrote it. */
export interface RawValue {
  readonly text: string;
  /** The origin for a message: `-n/--workers`, `stud.conf:3: workers`. */
  readonly origin: string;
  /** What a pem-file block sets in addition to the certificate's file, which is `text`. */
  readonly block?: RawValues;
  /** What a frontend block sets in addition to host and port, which are `text`. */
  readonly frontend?: RawValues;
  /** What the operator should know about how the value was interpreted. Follows `origin` and a colon. */
  readonly warning?: string;
}

/** All values of each option that was given, in the order written. */
export type RawValues = ReadonlyMap<OptionName, readonly RawValue[]>;

/** What a text is parsed to, by the kind of its option. */
export type Value =
  | boolean
  | number
  | string
  | readonly string[]
  | ClientName
  | TcpAddress
  | UnixAddress;

/**
 * A boolean in any spelling of on and off, including hitch's, in upper or lower case; undefined for anything else.
 */
export function parseFlag(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (["on", "yes", "true", "y", "t", "1"].includes(word)) return true;
  if (["off", "no", "false", "n", "f", "0"].includes(word)) return false;
  return undefined;
}

/**
 * Parses one text by its option's type. Seconds and numbers are numbers; words are spelled as in the table.
 *
 * @throws UsageError that names origin and text
 */
export function parseValue(option: Option, raw: RawValue): Value {
  const { type } = option;
  switch (type.kind) {
    case "flag":
      return parseFlag(raw.text) ?? fail(raw, `is neither on nor off${near(raw, FLAG_WORDS)}`);
    case "number":
      return wordIn(type.words, raw) ?? numberOf(raw, type);
    case "seconds":
      return secondsOf(raw, type);
    case "share":
      return shareOf(raw, type);
    case "choice":
      return wordIn(type.choices, raw) ??
        fail(raw, `is not one of ${type.choices.join(", ")}${near(raw, type.choices)}`);
    case "text":
      return wordIn(type.words, raw) ?? textOf(raw);
    case "ciphers":
      return parseCipherList(textOf(raw));
    case "certificate-name":
      return isIpAddress(raw.text) || isHostName(raw.text.replace(/^\*\./, ""))
        ? raw.text
        : fail(raw, "is neither a DNS name nor an IP address");
    case "tls-protocols":
      return listOf(parseTlsProtocols(raw.text, option.refusedValues), raw);
    case "alpn-protocols":
      return listOf(parseAlpnProtocols(raw.text), raw);
    case "client-name":
      return clientName(type.of === "subject" ? parseCommonName : parseAlternativeName, raw);
    case "frontend":
      return parseFrontend(splitCertificate(raw.text).address, raw.origin);
    case "backend":
      return parseBackend(raw.text, raw.origin);
    case "status":
      return parseStatus(raw.text, raw.origin);
  }
}

/**
 * Parses every value, also those that a later one overrides, so that every mistake is found.
 *
 * @throws UsageError at the first text that its option cannot take
 */
export function checkValues(values: RawValues): void {
  for (const [name, raws] of values) {
    for (const raw of raws) {
      parseValue(optionNamed(name), raw);
      if (raw.block) checkValues(raw.block);
      if (raw.frontend) checkValues(raw.frontend);
    }
  }
}

/** The last value given, or the default's, or undefined if there is neither. */
export function lastValue(name: OptionName, values: RawValues): Value | undefined {
  return allValues(name, values).at(-1);
}

/** All values given, or the default's alone. */
export function allValues(name: OptionName, values: RawValues): Value[] {
  const option = optionNamed(name);
  const raws = values.get(name) ?? defaultOf(option);
  return raws.map((raw) => parseValue(option, raw));
}

/** Whether a text means the option's default, in any spelling. */
export function isDefault(option: Option, raw: RawValue): boolean {
  const value = JSON.stringify(parseValue(option, raw));
  const saysMore = raw.block ?? raw.frontend ??
    (option.type.kind === "frontend" ? splitCertificate(raw.text).certificate : undefined);
  return saysMore === undefined &&
    defaultOf(option).some((other) => JSON.stringify(parseValue(option, other)) === value);
}

function defaultOf(option: Option): RawValue[] {
  const origin = `default of ${option.name}`;
  return option.default === undefined ? [] : [{ text: option.default, origin }];
}

/** The word as the table spells it. Upper and lower case never make a difference. */
function wordIn(words: readonly string[] | undefined, { text }: RawValue): string | undefined {
  return words?.find((word) => word.toLowerCase() === text.toLowerCase());
}

function near({ text }: RawValue, words: readonly string[]): string {
  return suggestion(nearest(text, words));
}

function textOf(raw: RawValue): string {
  return raw.text.includes("\0") ? fail(raw, "contains NUL") : raw.text;
}

interface Bounds {
  readonly minimum: number;
  readonly maximum: number;
}

function numberOf(raw: RawValue, type: Bounds & { readonly words?: readonly string[] }): number {
  const value = /^-?[0-9]+$/.test(raw.text) ? Number(raw.text) : NaN;
  if (isWithin(value, type)) return value;
  const { words = [] } = type;
  const forms = ["a whole number " + range(type), ...words].join(" or ");
  return fail(raw, `is not ${forms}${near(raw, words)}`);
}

function secondsOf(raw: RawValue, type: Bounds & { readonly whole?: boolean }): number {
  const value = parseDuration(raw.text);
  if (isWithin(value, type) && (Number.isInteger(value) || !type.whole)) return value;
  const whole = type.whole ? "whole " : "";
  return fail(
    raw,
    `is not a ${whole}number of seconds ${range(type)} (with a unit: ${DURATION_FORMS})`,
  );
}

function shareOf(raw: RawValue, { maximum }: { readonly maximum: number }): number {
  const value = /^1\/[0-9]+$/.test(raw.text) ? Number(raw.text.slice(2)) : NaN;
  if (isWithin(value, { minimum: 1, maximum })) return value;
  return fail(raw, `is not 1/N with N ${range({ minimum: 1, maximum })}`);
}

function isWithin(value: number, { minimum, maximum }: Bounds): boolean {
  return value >= minimum && value <= maximum;
}

function range({ minimum, maximum }: Bounds): string {
  return `from ${minimum} to ${maximum}`;
}

function clientName(parse: (text: string) => ClientName, raw: RawValue): ClientName {
  try {
    return parse(raw.text);
  } catch (error) {
    return fail(raw, (error as Error).message);
  }
}

function listOf(list: ListOrReason<string>, raw: RawValue): readonly string[] {
  return typeof list === "string" ? fail(raw, list) : list;
}

function fail(raw: RawValue, reason: string): never {
  throw new UsageError(`${raw.origin}: ${quote(raw.text)} ${reason}`);
}

/** Longer than one letter, because every letter is similar to every other. */
const FLAG_WORDS = ["on", "off", "yes", "no", "true", "false"];
