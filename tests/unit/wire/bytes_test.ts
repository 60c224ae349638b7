/** Bytes put together, compared and written down. */

import fc from "fast-check";
import { isSameBytes, joinBytes, toHex } from "../../../src/wire/bytes.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("joinBytes() puts pieces one after the other", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array()), (pieces) => {
    assertEquals([...joinBytes(...pieces)], pieces.flatMap((piece) => [...piece]));
  }));
});

Deno.test("isSameBytes() looks at every byte, and at the length", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), (bytes, index) => {
    const at = index % bytes.length;
    assertEquals(isSameBytes(bytes, bytes.slice()), true);
    assertEquals(isSameBytes(bytes, bytes.with(at, bytes[at]! ^ 1)), false);
    assertEquals(isSameBytes(bytes, bytes.subarray(1)), false);
    assertEquals(isSameBytes(bytes.subarray(1), bytes), false);
  }));
});

Deno.test("toHex() writes two digits for each byte", () => {
  assertEquals(toHex(Uint8Array.of(0, 9, 0x10, 0xff)), "000910ff");
  assertEquals(toHex(new Uint8Array()), "");
});
