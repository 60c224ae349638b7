/**
 * What a supervisor takes from a worker, and nothing else. A worker handles what strangers send, so it may be somebody
 * else's by now: every message is checked against the shape of its kind, strings and numbers are bounded, and text is
 * escaped. A new kind of message is a type in messages.ts and a row of `SHAPES`; the compiler asks for both.
 */

import { escapeJson, escapeText } from "../wire/escape.ts";
import { CertificatesRefused, type RefusedCertificate } from "../errors.ts";
import type { ServingBy, WorkerAnswer, WorkerMessage, WorkerTotals } from "./messages.ts";

/** A worker broke the protocol. The message says how, and holds nothing that the worker wrote. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** Bytes of a line at most, the line feed not counted. */
export const MAX_LINE = 1 << 20;
/** UTF-16 code units of a text for the operator: a log line, a fault. */
export const MAX_TEXT = 16 << 10;
/** Certificates that a worker names at a time. */
export const MAX_REFUSED = 100;
/** UTF-16 code units of what it says of each, and of the file's name. */
export const MAX_REASON = 1_000;
/** UTF-16 code units of a line of the access log; all its fields at their longest need fewer. */
export const MAX_ACCESS_LINE = 128 << 10;
/** UTF-16 code units of the lines in one message, so that as JSON they are no longer than a line may be. */
const ACCESS_BATCH = 256 << 10;

/**
 * The message in a line, or undefined if the line is none: something else wrote to the same stream. Throws
 * {@linkcode ProtocolError} for a message that is not as it must be.
 */
export function parseWorkerMessage(line: string): WorkerMessage | undefined {
  // As messageLine() writes it. To parse whatever else comes would cost up to half a second a line.
  if (!line.startsWith('{"type":')) return undefined;
  const value = parsed(line);
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, "type")) {
    return undefined;
  }
  const { type, ...fields } = value as Record<string, unknown>;
  if (typeof type !== "string" || !Object.hasOwn(SHAPES, type)) {
    throw new ProtocolError("a message of an unknown kind");
  }
  const kind = type as WorkerMessage["type"];
  return { type: kind, ...SHAPES[kind](fields, kind) } as WorkerMessage;
}

/** A text for the operator, short enough for a message. For the worker's side. */
export function messageText(text: string): string {
  return shortened(text, MAX_TEXT);
}

function shortened(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}

/** The certificates that an error is about, as a message may name them; undefined: none. For the worker's side. */
export function refusedIn(error: unknown): readonly RefusedCertificate[] | undefined {
  if (!(error instanceof CertificatesRefused)) return undefined;
  return error.refused.slice(0, MAX_REFUSED).map(({ fingerprint, source, reason }) => ({
    fingerprint,
    source: shortened(source, MAX_REASON),
    reason: shortened(reason, MAX_REASON),
  }));
}

/** The messages that bring these lines of the access log, each short enough for one. For the worker's side. */
export function accessMessages(lines: readonly string[]): WorkerMessage[] {
  const messages: string[][] = [];
  let size = Infinity;
  for (const line of lines) {
    if (size + line.length > ACCESS_BATCH) {
      messages.push([]);
      size = 0;
    }
    messages.at(-1)!.push(line);
    size += line.length;
  }
  return messages.map((lines) => ({ type: "access", lines }));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Gives a value back as it may be used, or throws {@linkcode ProtocolError} that names it by `what`. */
type Check<Value> = (value: unknown, what: string) => Value;

/** Every field, with what it must be. Whatever else there is, such as of a newer version's worker, is left out. */
function fieldsOf<Fields>(
  checks: { readonly [Name in keyof Fields]-?: Check<Fields[Name]> },
): Check<Fields> {
  const entries = Object.entries(checks) as [string, Check<unknown>][];
  return (value, what) => {
    if (typeof value !== "object" || value === null) {
      throw new ProtocolError(`${what} is not an object`);
    }
    const fields: Record<string, unknown> = {};
    for (const [name, check] of entries) {
      const own = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
      const checked = check(own, `${what}.${name}`);
      if (checked !== undefined) fields[name] = checked;
    }
    return fields as Fields;
  };
}

function optional<Value>(check: Check<Value>): Check<Value | undefined> {
  return (value, what) => value === undefined ? undefined : check(value, what);
}

function listOf<Item>(check: Check<Item>, max: number): Check<readonly Item[]> {
  return (value, what) => {
    if (!Array.isArray(value)) throw new ProtocolError(`${what} is not a list`);
    if (value.length > max) throw new ProtocolError(`${what} is longer than ${max}`);
    return value.map((item) => check(item, what));
  };
}

function oneOf<Word extends string>(...words: readonly Word[]): Check<Word> {
  return (value, what) => {
    const word = words.find((each) => each === value);
    if (word === undefined) throw new ProtocolError(`${what} is none of ${words.join(", ")}`);
    return word;
  };
}

/** Text in which nothing is left that a terminal obeys or that ends a line. */
function text(max: number, escape: (text: string) => string = escapeText): Check<string> {
  return (value, what) => {
    if (typeof value !== "string") throw new ProtocolError(`${what} is not a text`);
    if (value.length > max) throw new ProtocolError(`${what} is longer than ${max} characters`);
    return escape(value);
  };
}

function wholeNumber(max: number): Check<number> {
  return (value, what) => {
    if (Number.isSafeInteger(value) && value as number >= 0 && value as number <= max) {
      return value as number;
    }
    throw new ProtocolError(`${what} is not a whole number up to ${max}`);
  };
}

const flag: Check<boolean> = (value, what) => {
  if (typeof value !== "boolean") throw new ProtocolError(`${what} is neither true nor false`);
  return value;
};

const total = wholeNumber(Number.MAX_SAFE_INTEGER);

const totals = fieldsOf<WorkerTotals>({
  accepted: total,
  refused: total,
  handshakesFailed: total,
  silent: total,
  clientsDenied: total,
  backendsFailed: total,
  octetsToBackend: total,
  octetsToClient: total,
});

/** At least one. */
const refusedCertificates: Check<readonly RefusedCertificate[]> = (value, what) => {
  const refused = listOf(
    fieldsOf<RefusedCertificate>({
      fingerprint: text(64),
      source: text(MAX_REASON),
      reason: text(MAX_REASON),
    }),
    MAX_REFUSED,
  )(value, what);
  if (refused.length === 0) throw new ProtocolError(`${what} is empty`);
  return refused;
};

const address = fieldsOf({ host: text(255), port: wholeNumber(0xffff) });

type FieldsOf<Type extends WorkerMessage["type"]> = Omit<
  Extract<WorkerMessage, { readonly type: Type }>,
  "type"
>;

/** What each kind of message must be. */
const SHAPES: { readonly [Type in WorkerMessage["type"]]: Check<FieldsOf<Type>> } = {
  log: fieldsOf({ level: oneOf("debug", "info", "warning", "error"), text: text(MAX_TEXT) }),
  access: fieldsOf({ lines: listOf(text(MAX_ACCESS_LINE, escapeJson), 10_000) }),
  ready: fieldsOf<ServingBy>({
    library: text(1_000),
    missing: optional(text(MAX_TEXT)),
    unconfined: optional(text(MAX_TEXT)),
  }),
  failed: fieldsOf({
    text: text(MAX_TEXT),
    portInUse: optional(flag),
    refused: optional(refusedCertificates),
  }),
  answer: fieldsOf<Omit<WorkerAnswer, "type">>({
    fault: optional(text(MAX_TEXT)),
    refused: optional(refusedCertificates),
    reopened: optional(listOf(address, 100_000)),
  }),
  pong: fieldsOf({}),
  busy: fieldsOf({}),
  "replace-me": fieldsOf({}),
  deaf: fieldsOf({}),
  ended: fieldsOf({ counters: totals }),
};
