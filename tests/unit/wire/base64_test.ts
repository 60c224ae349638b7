/** Base64 there and back. */

import fc from "fast-check";
import { fromBase64, toBase64 } from "../../../src/wire/base64.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";

Deno.test("toBase64() and fromBase64() know the vectors of RFC 4648 section 10", () => {
  const vectors = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
  vectors.forEach((text, length) => {
    const bytes = new TextEncoder().encode("foobar".slice(0, length));
    assertEquals(toBase64(bytes), text);
    assertEquals(fromBase64(text), bytes);
  });
});

Deno.test("fromBase64() undoes toBase64() for any bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    assertEquals([...fromBase64(toBase64(bytes))], [...bytes]);
  }));
});

Deno.test("fromBase64() throws for text that is not base64", () => {
  assertThrows(() => fromBase64("a-b"));
});

Deno.test("fromBase64() gives every byte", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  assertEquals(fromBase64(btoa(String.fromCharCode(...bytes))), bytes);
});
