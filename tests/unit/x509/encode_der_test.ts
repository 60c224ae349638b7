/** DER that is written is the DER that is read. */

import fc from "fast-check";
import { readDer } from "../../../src/x509/der.ts";
import { encodeDer } from "../../../src/x509/encode_der.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("encodeDer() writes lengths of every size", () => {
  const sizes = [0, 1, 127, 128, 255, 256, 65_535, 65_536];
  for (const size of sizes) {
    const { tag, content } = readDer(encodeDer(0x04, new Uint8Array(size).fill(7)));
    assertEquals([tag, content.length], [4, size]);
  }
});

Deno.test("encodeDer() puts parts one after the other", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), (parts) => {
    const { content } = readDer(encodeDer(0x30, ...parts));
    assertEquals([...content], parts.flatMap((part) => [...part]));
  }));
});
