/** Measuring an ELF image by its header alone. */

import { assertEquals, assertThrows } from "@std/assert";
import { elfLength } from "../../../../scripts/compile/elf.ts";

/** An image of 64 octets of header, 36 of body and three section headers of 64. */
function image(): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(64 + 36 + 3 * 64);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  view.setBigUint64(0x28, 100n, true);
  view.setUint16(0x3a, 64, true);
  view.setUint16(0x3c, 3, true);
  return { bytes, view };
}

Deno.test("elfLength() ends with the section header table", () => {
  const { bytes } = image();
  assertEquals(elfLength(bytes), 292);
});

Deno.test("elfLength() ignores what follows, and where the view begins", () => {
  const { bytes } = image();
  const padded = new Uint8Array(1000).fill(7);
  padded.set(bytes, 10);
  assertEquals(elfLength(padded.subarray(10)), 292);
});

Deno.test("elfLength() refuses an image that is cut short", () => {
  const { bytes, view } = image();
  assertThrows(() => elfLength(bytes.subarray(0, 291)), Error, "cut short");
  assertThrows(() => elfLength(bytes.subarray(0, 63)), Error, "not a 64-bit");
  view.setBigUint64(0x28, 0n, true);
  assertThrows(() => elfLength(bytes), Error, "cut short");
});

Deno.test("elfLength() refuses anything else", () => {
  for (const index of [0, 1, 2, 3, 4, 5]) {
    const { bytes } = image();
    bytes[index]! += 1;
    assertThrows(() => elfLength(bytes), Error, "not a 64-bit little-endian ELF image");
  }
});
