/** Ways to damage a sequence of TLS records, for fast-check to choose from. */

import fc from "fast-check";
import { join } from "./client_hello.ts";

/** One damage. Places are fractions of what there is, so that it fits whatever went before. */
export type Mutation =
  | { readonly kind: "flip"; readonly at: number; readonly bits: number }
  | { readonly kind: "cut"; readonly at: number; readonly bytes: number }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "duplicate"; readonly at: number }
  | { readonly kind: "swap"; readonly at: number; readonly with: number }
  | { readonly kind: "split"; readonly at: number };

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const few = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 400 }));

/** Any damage. */
export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("flip"),
      at: place,
      bits: fc.integer({ min: 1, max: 255 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("cut"), at: place, bytes: few }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("insert"),
      at: place,
      bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("duplicate"), at: place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("swap"), at: place, with: place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("split"), at: place }) },
);

/** Applies damages one after the other: whole records first, then single octets; returns all of it. */
export function mutated(
  records: readonly Uint8Array[],
  mutations: readonly Mutation[],
): Uint8Array {
  const all = [...records];
  for (const each of mutations) {
    const index = Math.floor(each.at * all.length);
    const record = all[index]!;
    if (each.kind === "duplicate") all.splice(index, 0, record);
    if (each.kind === "swap") {
      const other = Math.floor(each.with * all.length);
      [all[index], all[other]] = [all[other]!, record];
    }
    if (each.kind === "split") all.splice(index, 1, ...inTwo(record));
  }
  return mutations.reduce(withOctetsMutated, join(all));
}

/** The record's content in two records: legal, and rarely done. */
function inTwo(record: Uint8Array): Uint8Array[] {
  const content = record.subarray(5);
  const half = content.length >> 1;
  return [content.subarray(0, half), content.subarray(half)].map((part) =>
    join([record.subarray(0, 3), [part.length >> 8, part.length & 0xff], part])
  );
}

function withOctetsMutated(bytes: Uint8Array, mutation: Mutation): Uint8Array {
  const at = Math.floor(mutation.at * bytes.length);
  if (mutation.kind === "insert") {
    return join([bytes.subarray(0, at), mutation.bytes, bytes.subarray(at)]);
  }
  if (mutation.kind === "cut") {
    return join([bytes.subarray(0, at), bytes.subarray(at + mutation.bytes)]);
  }
  if (mutation.kind === "flip" && bytes.length > 0) bytes[at]! ^= mutation.bits;
  return bytes;
}
