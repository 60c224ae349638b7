/** Octets of peers in log lines. */

import fc from "fast-check";
import { quoteOctets } from "../../../src/wire/quote_octets.ts";
import { assert, assertEquals } from "../../support/assert.ts";

Deno.test("quoteOctets() shows ASCII as it is and escapes the rest", () => {
  const shown = (text: string) => quoteOctets(new TextEncoder().encode(text));
  assertEquals(shown("GET / HTTP/1.1\r\n"), '"GET / HTTP/1.1\\x0d\\x0a"');
  assertEquals(shown('a"b\\c\x1b[31mä'), '"a\\x22b\\x5cc\\x1b[31m\\xc3\\xa4"');
  assertEquals(shown(""), '""');
  assertEquals(shown("x".repeat(48)), `"${"x".repeat(48)}"`);
  assertEquals(shown("x".repeat(49)), `"${"x".repeat(48)}…"`);
});

Deno.test("quoteOctets() never writes what a terminal obeys, and is short", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
    const shown = quoteOctets(octets);
    assert(/^"[ -~]*…?"$/.test(shown), shown);
    assert(shown.length <= 48 * 4 + 3);
  }));
});
