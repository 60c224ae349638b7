/**
 * Compares two pieces of plain data, such as messages and plans. `isDeepStrictEqual` of node:util does more, but
 * loading that module costs a worker 10 ms and 1.6 MB.
 */

/**
 * Compares primitives, arrays, byte arrays and plain objects by their content. The order of an object's keys does not
 * matter; a key without a value differs from a missing key. Other objects are equal only if they are the same object.
 */
export function isSameData(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (!isObject(one) || !isObject(other)) return false;
  const prototype = Object.getPrototypeOf(one);
  if (prototype !== Object.getPrototypeOf(other) || !COMPARED.has(prototype)) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSameData(one[key], other[key]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

const COMPARED: ReadonlySet<unknown> = new Set([
  Object.prototype,
  Array.prototype,
  Uint8Array.prototype,
]);
