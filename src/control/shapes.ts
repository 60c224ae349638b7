/**
 * The shapes of what comes through the control pipe: each takes a value apart and gives it back as it may be used. A
 * message is declared by its shape, and its type is what the shape gives. Texts, lists and numbers are bounded, and text
 * is escaped, since a worker handles what strangers send and may be somebody else's by now.
 */

import { escapeText } from "../wire/escape.ts";

/** The other side broke the protocol. The message says how, and holds nothing that the other side wrote. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** Gives a value back as it may be used, or throws {@linkcode ProtocolError} that names it by `what`. */
export type Shape<Value> = (value: unknown, what: string) => Value;

/** The type of what a shape gives. */
export type ValueOf<Of> = Of extends Shape<infer Value> ? Value : never;

type Shapes = { readonly [name: string]: Shape<unknown> };

/** An object of fields with these shapes; those that may be undefined may be left out. */
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

/** Every field, with what it must be. Whatever else there is, such as of a newer version's worker, is left out. */
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

/** The same, or nothing at all. */
export function optional<Value>(shape: Shape<Value>): Shape<Value | undefined> {
  return (value, what) => value === undefined ? undefined : shape(value, what);
}

/** A list of so many at most, and of `min` at least. */
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

/** Text of so many UTF-16 code units at most, in which nothing is left that a terminal obeys or that ends a line. */
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

/** A length of time, which may be 0. */
export const duration: Shape<number> = (value, what) => {
  if (typeof value === "number" && value >= 0) return value;
  throw new ProtocolError(`${what} is not a length of time`);
};

/** True or false. */
export const flag: Shape<boolean> = (value, what) => {
  if (typeof value !== "boolean") throw new ProtocolError(`${what} is neither true nor false`);
  return value;
};

/** Whole numbers by their names: letters and digits, of which a name has 64 at most. */
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

/** An object or a list that the supervisor made and its worker takes as it is: a process that starts another is believed. */
export function trusted<Value extends object | null>(): Shape<Value> {
  return (value, what) => {
    if (typeof value !== "object") throw new ProtocolError(`${what} is not an object`);
    return value as Value;
  };
}

/** A message that says nothing more than its kind. */
export const NOTHING = fieldsOf({});

const NUMBER_NAME = /^[a-z][a-z0-9]{0,63}$/i;
