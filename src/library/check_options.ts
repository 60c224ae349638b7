/**
 * Checks at run time that a program's options have the right types, because plain JavaScript has no type check. Every
 * error names the option, the actual value and what was expected. Ranges, and options that depend on each other, are
 * checked with the settings.
 */

import { nearest, suggestion } from "../config/nearest.ts";
import { type OptionName, optionNamed, OPTIONS } from "../config/options.ts";
import { escapeControl } from "../wire/escape.ts";
import { UsageError } from "../errors.ts";
import { describeValue, isBytes, isPemText, isRecord } from "./describe_value.ts";
import { LIMITS, OPTION_ROWS, type OptionRow, PREFACES, type Shape } from "./option_rows.ts";
import type { CloseOptions, TerminateOptions } from "./terminate_options.ts";

/** The options that are not undefined. Throws {@linkcode UsageError}. */
export function checkOptions(options: unknown): TerminateOptions {
  if (!isRecord(options)) {
    throw new UsageError(
      `terminate(): expected an object with options, got ${describeValue(options)}; ${NEEDED}; ` +
        'frontend (default "*,8443") is where to listen, backend (default "127.0.0.1,8000") where ' +
        "plaintext goes",
    );
  }
  refuseUnknown(options, {
    ...{ names: OPTION_NAMES, complaint: "terminate() has no such option" },
    hint: hintAtOption,
  });
  const given: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(OPTION_ROWS)) {
    const value = options[name];
    if (value === undefined) continue;
    check(name, value, row);
    given[name] = value;
  }
  const checked = given as TerminateOptions;
  checkSources(checked);
  return checked;
}

/** Throws {@linkcode UsageError}. */
export function checkCloseOptions(options: unknown): CloseOptions {
  // `process.on("SIGTERM", proxy.close)` passes the name of the signal, and must not cause a rejection.
  if (options === undefined || /^SIG[A-Z]/.test(String(options))) return {};
  if (!isRecord(options)) {
    throw new UsageError(
      `close(): expected nothing or { drainTimeout: SECONDS }, got ${describeValue(options)}`,
    );
  }
  refuseUnknown(options, { names: ["drainTimeout"], complaint: "close() has no such option" });
  const { drainTimeout } = options;
  if (drainTimeout === undefined) return {};
  checkNumber("drainTimeout", drainTimeout, "drain-timeout");
  return options as CloseOptions;
}

interface KnownNames {
  readonly names: readonly string[];
  readonly complaint: string;
  /** The text before a name in messages. */
  readonly prefix?: string;
  /** The end of a message about an unknown name. */
  readonly hint?: (name: string) => string;
}

function refuseUnknown(
  given: Readonly<Record<string, unknown>>,
  { names, complaint, prefix = "", hint = (name) => suggestion(near(name, names)) }: KnownNames,
): void {
  for (const [name, value] of Object.entries(given)) {
    // Programs that set options conditionally leave undefined ones behind.
    if (value === undefined || names.includes(name)) continue;
    throw new UsageError(`${prefix}${escapeControl(name)}: ${complaint}${hint(name)}`);
  }
}

function hintAtOption(name: string): string {
  const elsewhere = Object.hasOwn(ELSEWHERE, name) ? ELSEWHERE[name] : undefined;
  if (elsewhere !== undefined) return `; ${elsewhere}`;
  const row = Object.entries(OPTION_ROWS).find(([, { option }]) =>
    plain(option ?? "") === plain(name)
  );
  const meant = row?.[0] ?? near(name, OPTION_NAMES);
  if (meant !== undefined) return suggestion(meant);
  const isCommands = OPTIONS.some((option) => plain(option.name) === plain(name));
  return isCommands ? "; only the stud command has it" : "";
}

/** Ignores upper and lower case and dashes. */
function near(name: string, names: readonly string[]): string | undefined {
  const found = nearest(plain(name), names.map(plain));
  return names.find((one) => plain(one) === found);
}

function plain(name: string): string {
  return name.replaceAll(/[-_]/g, "").toLowerCase();
}

function check(name: string, value: unknown, row: OptionRow): void {
  const { shape } = row;
  switch (shape) {
    case "frontends":
      return checkFrontends(name, value);
    case "names":
      // An allow list that a program computed must not admit all clients because it is empty.
      if (Array.isArray(value) && value.length === 0) {
        throw new UsageError(
          `${name}: an empty list would allow every client; to allow every client, leave it out`,
        );
      }
      return checkSome(name, value, shape);
    case "paths":
      return checkSome(name, value, shape);
    case "words":
      if (!Array.isArray(value) || value.length === 0) throw unexpected(name, value, shape);
      return checkEach(name, value, shape);
    case "preface":
      if (typeof value === "string" && Object.hasOwn(PREFACES, value)) return;
      throw unexpected(name, value, shape, nearPreface(value));
    case "number":
      return checkNumber(name, value, row.option!);
    default:
      if (!FITS[shape](value)) throw unexpected(name, value, shape, remedy(name, value, shape));
  }
}

/** The ranges are those of the command line. */
function checkNumber(name: string, value: unknown, option: OptionName): void {
  const { type } = optionNamed(option);
  if (type.kind !== "number" && type.kind !== "seconds") throw new Error(`${option}: no number`);
  const { minimum, maximum } = type;
  const isWhole = type.kind === "number" || type.whole === true;
  const isWithin = typeof value === "number" && value >= minimum && value <= maximum;
  if (isWithin && (!isWhole || Number.isInteger(value))) return;
  const what = `a ${isWhole ? "whole " : ""}number${type.kind === "seconds" ? " of seconds" : ""}`;
  throw expected(name, `${what} from ${minimum} to ${maximum}`, value);
}

/** One value, or an array of them. */
function checkSome(name: string, value: unknown, shape: Shape): void {
  if (Array.isArray(value) && value.length > 0) return checkEach(name, value, shape);
  if (!FITS[shape](value)) throw unexpected(name, value, shape, remedy(name, value, shape));
}

function checkEach(name: string, values: readonly unknown[], shape: Shape): void {
  // Unlike forEach(), this also visits missing elements of the array.
  for (const [index, value] of values.entries()) {
    if (FITS[shape](value)) continue;
    const hint = remedy(name, value, shape);
    throw expected(`${name}[${index}]`, ONE[shape] ?? EXPECTED[shape], value, hint);
  }
}

function checkFrontends(name: string, value: unknown): void {
  if (!Array.isArray(value)) return checkFrontend(name, value);
  if (value.length === 0) throw unexpected(name, value, "frontends");
  for (const [index, each] of value.entries()) checkFrontend(`${name}[${index}]`, each);
}

function checkFrontend(name: string, value: unknown): void {
  if (FITS.frontends(value)) return;
  if (!isRecord(value)) throw unexpected(name, value, "frontends");
  const limits = LIMITS.map(([, limit]) => limit);
  const complaint = "a frontend has no such option";
  refuseUnknown(value, { names: ["address", ...limits], complaint, prefix: `${name}.` });
  if (!FITS.address(value["address"])) {
    throw expected(`${name}.address`, FRONTEND_TEXT, value["address"]);
  }
  for (const [option, limit] of LIMITS) {
    const given = value[limit];
    if (given !== undefined) checkNumber(`${name}.${limit}`, given, option);
  }
}

/** A certificate must come from somewhere, and PEM in memory cannot be combined with files. */
function checkSources({ frontend, client, selfSigned, ...options }: TerminateOptions): void {
  const { pem, pemFile, pemDir, privateKeyFile } = options;
  const made = selfSigned === false ? undefined : selfSigned;
  const others = Object.entries({ pemFile, pemDir, privateKeyFile, selfSigned: made });
  const [other] = others.find(([, value]) => value !== undefined) ?? [];
  if (pem !== undefined && other !== undefined) {
    throw new UsageError(`pem and ${other} exclude each other; give one`);
  }
  const frontends = [frontend ?? ""].flat();
  const own = frontends.every((one) => (typeof one === "string" ? one : one.address).includes("+"));
  if ([pem, pemFile, pemDir, made].every((one) => one === undefined) && client !== true && !own) {
    throw new UsageError(`no certificate: ${NEEDED}`);
  }
}

function nearPreface(value: unknown): string {
  return typeof value === "string" ? suggestion(nearest(value, Object.keys(PREFACES))) : "";
}

/** What to do with a value that would be right for another option. */
function remedy(name: string, value: unknown, shape: Shape): string {
  if (shape === "pem") return typeof value === "string" ? "; a path goes to pemFile" : "";
  const isPem = isBytes(value) || (typeof value === "string" && isPemText(value));
  if (!isPem || (shape !== "path" && shape !== "paths")) return "";
  return name === "pemFile" ? "; PEM itself goes to pem" : "; write it to a file first";
}

function unexpected(name: string, value: unknown, shape: Shape, hint = ""): UsageError {
  return expected(name, EXPECTED[shape], value, hint);
}

function expected(name: string, what: string, value: unknown, hint = ""): UsageError {
  return new UsageError(`${name}: expected ${what}, got ${describeValue(value)}${hint}`);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && !isPemText(value);
}

/** Whether a value has the expected shape, or one of several possible shapes. */
const FITS: Readonly<Record<Shape, (value: unknown) => boolean>> = {
  address: isText,
  callback: (value) => typeof value === "function",
  "certificate-name": (value) => typeof value === "boolean" || isText(value),
  flag: (value) => typeof value === "boolean",
  frontends: isText,
  names: isText,
  number: (value) => typeof value === "number",
  path: (value) => isText(value) && value !== "",
  paths: (value) => isText(value) && value !== "",
  pem: (value) => isBytes(value) ? value.length > 0 : typeof value === "string" && isPemText(value),
  preface: isText,
  text: isText,
  // The separators of the command line cannot be part of a name.
  words: (value) => isText(value) && /^[^\s,]+$/.test(value as string),
};

const FRONTEND_TEXT = 'a string "HOST,PORT" or "[HOST]:PORT"';

const EXPECTED: Readonly<Record<Shape, string>> = {
  address: 'a string "HOST,PORT", "[HOST]:PORT" or the path of a unix socket',
  callback: "a function",
  "certificate-name": "a DNS name or an IP address, or true for localhost",
  flag: "true or false",
  frontends: `${FRONTEND_TEXT}, an object { address, … } with limits, or an array of those`,
  names: "a string or an array of strings",
  number: "a number",
  path: "the path of a file, a string",
  paths: "the path of a file, a string, or an array of them",
  pem: "PEM (certificate, chain and private key) as a string, Buffer or Uint8Array",
  preface: `one of ${Object.keys(PREFACES).map((kind) => `"${kind}"`).join(", ")}`,
  text: "a string",
  words: "an array of strings, one name each",
};

/** What one element must be, for shapes that accept several values. */
const ONE: Partial<Record<Shape, string>> = {
  names: "a string",
  paths: "the path of a file, a string",
  words: "a string, one name",
};

const OPTION_NAMES = Object.keys(OPTION_ROWS);

const NEEDED =
  "give pem (PEM as text or bytes), pemFile or pemDir (paths), or selfSigned: true for " +
  "tests";

/** Names that other libraries use. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  ca: "for authorities of clients use clientVerifyCa, for those of the backend backendCa",
  cert: "use pem for certificate, chain and key together, or pemFile for a path",
  host: 'to choose where to listen use frontend: "HOST,PORT"',
  hostname: 'to choose where to listen use frontend: "HOST,PORT"',
  key: "use pem for certificate, chain and key together, or pemFile for a path",
  port: 'to choose where to listen use frontend: "HOST,PORT"',
  signal: "call close() of the proxy when it aborts",
  target: 'to choose where plaintext goes use backend: "HOST,PORT"',
  upstream: 'to choose where plaintext goes use backend: "HOST,PORT"',
};
