import { escapeControl, quote } from "../../../src/config/quote.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("quote() lets no invisible character through", () => {
  assertEquals(quote("a\n\r\t\0\x1b[31m\x9b"), '"a\\n\\r\\t\\x00\\x1b[31m\\x9b"');
  assertEquals(quote("a\u202eb\u2028\ud800"), '"a\\u{202e}b\\u{2028}\\u{d800}"');
  assertEquals(quote('say "é"'), '"say \\"é\\""');
});

Deno.test("escapeControl() cuts what would flood a terminal", () => {
  assertEquals(escapeControl("x".repeat(200)), "x".repeat(200));
  assertEquals(escapeControl("x".repeat(201)), "x".repeat(200) + "...");
});
