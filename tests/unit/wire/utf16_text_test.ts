/** UTF-16 in what was read as UTF-8. */

import { utf16Encoding } from "../../../src/wire/utf16_text.ts";
import { utf16 } from "../../corpus/making.ts";
import { assertEquals } from "../../support/assert.ts";

const decoded = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("utf16Encoding() recognizes both kinds, with and without a byte order mark", () => {
  const text = "# a file\r\n";
  assertEquals(utf16Encoding(decoded(utf16(text))), "UTF-16LE");
  assertEquals(utf16Encoding(decoded(utf16(text).subarray(2))), "UTF-16LE");
  assertEquals(utf16Encoding(decoded(utf16(text, { bigEndian: true }))), "UTF-16BE");
  assertEquals(utf16Encoding(decoded(utf16(text, { bigEndian: true }).subarray(2))), "UTF-16BE");
});

Deno.test("utf16Encoding() takes nothing else for it", () => {
  for (const text of ["", "# a file\n", "\ufeff# a file", "\0\0\0\0\0\0", "a\0", "\ufffd\ufffd"]) {
    assertEquals(utf16Encoding(text), undefined, text);
  }
});
