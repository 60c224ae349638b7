/** Text from the network as one harmless line. */

import fc from "fast-check";
import { printable } from "../../../src/log/printable.ts";
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
