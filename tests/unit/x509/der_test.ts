/** DER, element by element. */

import fc from "fast-check";
import {
  checkDer,
  DerFormatError,
  encodeDer,
  objectIdentifier,
  readDer,
} from "../../../src/x509/der.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";
import { der } from "../../support/made_ocsp_responses.ts";

const bytes = (...values: number[]) => new Uint8Array(values);

Deno.test("readDer() reads short and long lengths", () => {
  for (const length of [0, 1, 127, 128, 255, 256, 65_535]) {
    const content = new Uint8Array(length).fill(7);
    const whole = der(0x04, content);
    const element = readDer(whole);
    assertEquals([element.tag, element.content, element.whole], [0x04, content, whole]);
  }
});

Deno.test("readDer() refuses what is not one element", () => {
  const broken: [bytes: Uint8Array, message: string][] = [
    [bytes(), "an element has no end"],
    [bytes(0x30), "an element has no end"],
    [bytes(0x30, 1), "an element is longer than what holds it"],
    [bytes(0x30, 0x82, 1), "an element is longer than what holds it"],
    [bytes(0x30, 0, 0), "octets after the end"],
    [bytes(0x30, 0x80, 0, 0), "a length that DER does not have"],
    [bytes(0x30, 0x85, 0, 0, 0, 0, 0), "a length that DER does not have"],
    [bytes(0x3f, 0x81, 0), "a tag of several octets"],
  ];
  for (const [text, message] of broken) {
    assertEquals(assertThrows(() => readDer(text), DerFormatError).message, message);
  }
});

Deno.test("an element has the children that a constructed one is made of", () => {
  const parts = [der(0x02, bytes(1)), der(0x04, new Uint8Array(200)), der(0x05)];
  assertEquals(readDer(der(0x30, ...parts)).children().map(({ whole }) => whole), parts);
  assertThrows(() => readDer(der(0x30, bytes(0x02, 9))).children(), DerFormatError);
});

Deno.test("checkDer() looks at every depth", () => {
  checkDer(readDer(der(0x30, der(0x30, der(0x02, bytes(1))))));
  assertThrows(() => checkDer(readDer(der(0x30, der(0x30, bytes(0x02, 2, 1))))), DerFormatError);
  // What is in an octet string is nobody's business.
  checkDer(readDer(der(0x30, der(0x04, bytes(0x02, 2, 1)))));
});

Deno.test("objectIdentifier() writes numbers with dots", () => {
  assertEquals(objectIdentifier(bytes(0x55, 0x1d, 0x11)), "2.5.29.17");
  assertEquals(
    objectIdentifier(bytes(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1)),
    "1.2.840.113549.1.1.1",
  );
  assertEquals(objectIdentifier(bytes(0x88, 0x37)), "2.999");
});

Deno.test("readDer() and checkDer() throw nothing but DerFormatError", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (random) => {
    try {
      checkDer(readDer(random));
      assertEquals(readDer(random).whole, random);
    } catch (error) {
      assert(error instanceof DerFormatError, String(error));
    }
  }));
});

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
