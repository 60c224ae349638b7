/** Text and bytes of strangers as one harmless line. */

import fc from "fast-check";
import {
  escapeControl,
  escapeJson,
  printable,
  quote,
  quoteBytes,
} from "../../../src/wire/escape.ts";
import { assert, assertEquals } from "../../support/assert.ts";

Deno.test("printable() leaves ordinary text as it is", () => {
  for (const text of ["", "handshake failed", "größer — 漢字 🦕", "a\\b"]) {
    assertEquals(printable(text), text);
  }
});

Deno.test("printable() escapes whatever a terminal or a log reader may obey", () => {
  const cases: [text: string, shown: string][] = [
    ["a\nb\r\n", "a\\x0ab\\x0d\\x0a"],
    ["\x1b[2J", "\\x1b[2J"],
    ["\0\x7f\x9b", "\\x00\\x7f\\x9b"],
    ["\u202eevil\u200b", "\\u{202e}evil\\u{200b}"],
    ["\u2028\u2029", "\\u{2028}\\u{2029}"],
    ["\ud800", "\\u{d800}"],
    ["\u{e0001}", "\\u{e0001}"],
  ];
  for (const [text, shown] of cases) assertEquals(printable(text), shown);
});

Deno.test("printable() cuts very long text and says so", () => {
  assertEquals(printable("a".repeat(1_000)), "a".repeat(1_000));
  assertEquals(printable("a".repeat(1_001)), `${"a".repeat(1_000)}…`);
});

Deno.test("printable() gives one bounded line without control characters, whatever comes in", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "binary", maxLength: 3_000 }),
  );
  fc.assert(fc.property(texts, (text) => {
    const shown = printable(text);
    assertEquals(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(shown), false);
    assert(shown.length <= 1_000 * 9 + 1);
    assertEquals(printable(shown.slice(0, 1_000)), shown.slice(0, 1_000));
  }));
});

Deno.test("quote() lets no invisible character through", () => {
  assertEquals(quote("a\n\r\t\0\x1b[31m\x9b"), '"a\\n\\r\\t\\x00\\x1b[31m\\x9b"');
  assertEquals(quote("a\u202eb\u2028\ud800"), '"a\\u{202e}b\\u{2028}\\u{d800}"');
  assertEquals(quote('say "é"'), '"say \\"é\\""');
});

Deno.test("escapeControl() cuts what would flood a terminal", () => {
  assertEquals(escapeControl("x".repeat(200)), "x".repeat(200));
  assertEquals(escapeControl("x".repeat(201)), `${"x".repeat(200)}…`);
});

Deno.test("quoteBytes() shows ASCII as it is and escapes the rest", () => {
  const shown = (text: string) => quoteBytes(new TextEncoder().encode(text));
  assertEquals(shown("GET / HTTP/1.1\r\n"), '"GET / HTTP/1.1\\x0d\\x0a"');
  assertEquals(shown('a"b\\c\x1b[31mä'), '"a\\x22b\\x5cc\\x1b[31m\\xc3\\xa4"');
  assertEquals(shown(""), '""');
  assertEquals(shown("x".repeat(48)), `"${"x".repeat(48)}"`);
  assertEquals(shown("x".repeat(49)), `"${"x".repeat(48)}…"`);
});

Deno.test("quoteBytes() never writes what a terminal obeys, and is short", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const shown = quoteBytes(bytes);
    assert(/^"[ -~]*…?"$/.test(shown), shown);
    assert(shown.length <= 48 * 4 + 3);
  }));
});

Deno.test("escapeJson() leaves JSON what it says", () => {
  const value = "a\u202eb\u2028c\u{e0001}d";
  const shown = escapeJson(JSON.stringify(value));
  assertEquals(shown, '"a\\u202eb\\u2028c\\udb40\\udc01d"');
  assertEquals(JSON.parse(shown), value);
});
