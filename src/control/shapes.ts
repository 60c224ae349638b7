/**
 * The shapes of what comes through the control pipe. Each checks a parsed value and returns it in a form that is
 * safe to use. A message is declared by its shape, and its type follows from the shape. Texts, lists and numbers
 * are bounded and text is escaped: a worker handles what strangers send, and may have been taken over.
 */

import { FAMILIES } from "../metrics/families.ts";
import { isSeriesValue, parseSeriesKey, type SeriesValue } from "../metrics/series.ts";
import { escapeText } from "../wire/escape.ts";

/** The other side violated the protocol. The message says how, and contains nothing that the other side wrote. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** Returns a value in a form that is safe to use, or throws {@linkcode ProtocolError} that names it by `what`. */
export type Shape<Value> = (value: unknown, what: string) => Value;

/** The type of the values that a shape returns. */
export type ValueOf<Of> = Of extends Shape<infer Value> ? Value : never;

type Shapes = { readonly [name: string]: Shape<unknown> };

/** An object of fields with these shapes; those that may be undefined may be missing. */
type Fields<Of extends Shapes> =
  & {
    readonly [Name in keyof Of as undefined extends ValueOf<Of[Name]> ? never : Name]: ValueOf<
      Of[Name]
    >;
  }
  & {
    readonly [Name in keyof Of as undefined extends ValueOf<Of[Name]> ? Name : never]?: ValueOf<
      Of[Name]
    >;
  };

/** An object with these fields. Other fields, such as those of a newer worker, are left out. */
export function fieldsOf<Of extends Shapes>(shapes: Of): Shape<Fields<Of>> {
  const entries = Object.entries(shapes);
  return (value, what) => {
    if (typeof value !== "object" || value === null) {
      throw new ProtocolError(`${what} is not an object`);
    }
    const fields: Record<string, unknown> = {};
    for (const [name, shape] of entries) {
      const own = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
      const checked = shape(own, `${what}.${name}`);
      if (checked !== undefined) fields[name] = checked;
    }
    return fields as Fields<Of>;
  };
}

/** The same, or undefined. */
export function optional<Value>(shape: Shape<Value>): Shape<Value | undefined> {
  return (value, what) => value === undefined ? undefined : shape(value, what);
}

/** The same, or null. */
export function nullable<Value>(shape: Shape<Value>): Shape<Value | null> {
  return (value, what) => value === null ? null : shape(value, what);
}

/** A list of at least `min` and at most `max` items. */
export function listOf<Item>(shape: Shape<Item>, max: number, min = 0): Shape<readonly Item[]> {
  return (value, what) => {
    if (!Array.isArray(value)) throw new ProtocolError(`${what} is not a list`);
    if (value.length > max) throw new ProtocolError(`${what} is longer than ${max}`);
    if (value.length < min) throw new ProtocolError(`${what} is empty`);
    return value.map((item) => shape(item, what));
  };
}

/** One of these words. */
export function oneOf<Word extends string>(...words: readonly Word[]): Shape<Word> {
  return (value, what) => {
    const word = words.find((each) => each === value);
    if (word === undefined) throw new ProtocolError(`${what} is none of ${words.join(", ")}`);
    return word;
  };
}

/** One of many words, which a fault does not list. */
export function memberOf<Word extends string>(words: readonly Word[]): Shape<Word> {
  const known: ReadonlySet<unknown> = new Set(words);
  return (value, what) => {
    if (!known.has(value)) throw new ProtocolError(`${what} is unknown`);
    return value as Word;
  };
}

/** Text of at most `max` UTF-16 code units, without anything that controls a terminal or ends a line. */
export function text(max: number, escape: (text: string) => string = escapeText): Shape<string> {
  return (value, what) => {
    if (typeof value !== "string") throw new ProtocolError(`${what} is not a text`);
    if (value.length > max) throw new ProtocolError(`${what} is longer than ${max} characters`);
    return escape(value);
  };
}

/** A whole number from 0. */
export function wholeNumber(max: number = Number.MAX_SAFE_INTEGER): Shape<number> {
  return (value, what) => {
    if (Number.isSafeInteger(value) && value as number >= 0 && value as number <= max) {
      return value as number;
    }
    throw new ProtocolError(`${what} is not a whole number up to ${max}`);
  };
}

/** A duration, which may be 0. */
export const duration: Shape<number> = (value, what) => {
  if (typeof value === "number" && value >= 0) return value;
  throw new ProtocolError(`${what} is not a length of time`);
};

/** True or false. */
export const flag: Shape<boolean> = (value, what) => {
  if (typeof value !== "boolean") throw new ProtocolError(`${what} is neither true nor false`);
  return value;
};

/** Whole numbers by name. A name is of letters and digits, at most 64. */
export function numbersByName(max: number): Shape<Readonly<Record<string, number>>> {
  const number = wholeNumber();
  return (value, what) => {
    if (typeof value !== "object" || value === null) {
      throw new ProtocolError(`${what} is not an object`);
    }
    const entries = Object.entries(value);
    if (entries.length > max) throw new ProtocolError(`${what} has more than ${max} numbers`);
    return Object.fromEntries(entries.map(([name, each]) => {
      if (!NUMBER_NAME.test(name)) throw new ProtocolError(`${what} has an invalid name`);
      return [name, number(each, `${what}.${name}`)];
    }));
  };
}

/** Texts, numbers and truth values by name in snake_case: at most `max`, texts of at most `length` code units. */
export function valuesByName(
  max: number,
  length: number,
): Shape<Readonly<Record<string, string | number | boolean>>> {
  const word = text(length);
  return (value, what) => {
    if (typeof value !== "object" || value === null) {
      throw new ProtocolError(`${what} is not an object`);
    }
    const entries = Object.entries(value);
    if (entries.length > max) throw new ProtocolError(`${what} has more than ${max} values`);
    return Object.fromEntries(entries.map(([name, each]) => {
      if (!VALUE_NAME.test(name)) throw new ProtocolError(`${what} has an invalid name`);
      // JSON has no number that is not finite, except one too large for it.
      return [name, typeof each === "boolean" || Number.isFinite(each) ? each : word(each, what)];
    }));
  };
}

/** Series with their values: pairs of a key and a value that its family can have. */
export function seriesList(max: number): Shape<readonly (readonly [string, SeriesValue])[]> {
  return listOf((pair, what) => {
    const [key, value] = Array.isArray(pair) ? pair as unknown[] : [];
    const series = typeof key === "string" ? parseSeriesKey(key) : undefined;
    if (series === undefined) throw new ProtocolError(`${what} has an unknown series`);
    if (!isSeriesValue(value, FAMILIES[series.family])) {
      throw new ProtocolError(`${what} has an invalid value`);
    }
    return [key as string, value];
  }, max);
}

/** An object or list from the supervisor, used without checks: a worker trusts the process that started it. */
export function trusted<Value extends object | null>(): Shape<Value> {
  return (value, what) => {
    if (typeof value !== "object") throw new ProtocolError(`${what} is not an object`);
    return value as Value;
  };
}

/** A message without fields. */
export const NOTHING = fieldsOf({});

const VALUE_NAME = /^[a-z][a-z0-9_]{0,63}$/;
const NUMBER_NAME = /^[a-z][a-z0-9]{0,63}$/i;
