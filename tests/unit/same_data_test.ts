/** The comparison against Node's own, for what plans and messages are made of. */

import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { isSameData } from "../../src/same_data.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("isSameData() says of plain data what isDeepStrictEqual() says", () => {
  const leaf = fc.oneof(
    fc.constantFrom(undefined, null, true, false, 0, -0, NaN, 1, "", "a"),
    fc.uint8Array({ maxLength: 2 }),
  );
  const { data } = fc.letrec((tie) => ({
    data: fc.oneof({ maxDepth: 3 }, leaf, tie("list"), tie("record")),
    list: fc.array(tie("data"), { maxLength: 2 }),
    record: fc.dictionary(fc.constantFrom("a", "b"), tie("data"), { noNullPrototype: true }),
  }));
  fc.assert(fc.property(data, data, (one, other) => {
    assertEquals(isSameData(one, other), isDeepStrictEqual(one, other));
    assertEquals(isSameData(one, structuredClone(one)), true);
  }));
});

Deno.test("isSameData() distinguishes a missing key from one without a value, and a list from a record", () => {
  assertEquals(isSameData({ a: undefined }, {}), false);
  assertEquals(isSameData({ a: undefined }, { b: undefined }), false);
  assertEquals(isSameData([], {}), false);
  assertEquals(isSameData({ a: 1, b: [2] }, { b: [2], a: 1 }), true);
});

Deno.test("isSameData() takes objects of other kinds for the same only if they are one", () => {
  const date = new Date(0);
  assertEquals(isSameData({ date }, { date }), true);
  assertEquals(isSameData({ date }, { date: new Date(0) }), false);
});
