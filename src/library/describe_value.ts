/**
 * Describes a program's value for an error message. Nothing that may be a secret is shown: for PEM, bytes and objects
 * only what they are.
 */

import { quote } from "../wire/escape.ts";

/** For a line such as `backend: expected a string, got the number 8000`. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return isPemText(value) ? "PEM text" : `the string ${quote(value)}`;
    case "number":
      return Number.isNaN(value) ? "NaN" : `the number ${value}`;
    case "function":
    case "symbol":
      return `a ${typeof value}`;
    case "object":
      return value === null ? "null" : describeObject(value);
    case "bigint":
      return `the bigint ${value}`;
    default:
      return String(value);
  }
}

/** Whether a text contains the beginning of a PEM block (RFC 7468 section 2): no path or name does. */
export function isPemText(text: string): boolean {
  return text.includes("-----BEGIN ");
}

/** Whether it is a Uint8Array (a Buffer is one too), of this or another realm. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && tagOf(value) === "Uint8Array";
}

/** Whether it is an object of names and values, and not another kind of object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && describeObject(value) === "an object";
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  if ("then" in value && typeof value.then === "function") return "a promise; await it first";
  if (ArrayBuffer.isView(value) || tagOf(value) === "ArrayBuffer") {
    return `bytes (${nameOf(value)})`;
  }
  return KNOWN.includes(tagOf(value)) ? `a ${tagOf(value)}` : "an object";
}

function nameOf(value: object): string {
  return value.constructor?.name ?? tagOf(value);
}

/** `Uint8Array` of `[object Uint8Array]`. */
function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

const KNOWN = ["URL", "String", "Number", "Boolean", "Date", "RegExp", "Map", "Set"];
