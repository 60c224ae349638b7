/** The derivation against RFC 5869's example and the platform's own. */

import { hkdfSync } from "node:crypto";
import fc from "fast-check";
import { hkdf } from "../../../src/wire/hkdf.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("hkdf() gives RFC 5869's test case 3", () => {
  assertEquals(
    hex(hkdf(new Uint8Array(22).fill(0x0b), "", 42)),
    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
  );
});

Deno.test("hkdf() is the platform's for secrets, labels and lengths of every size", () => {
  const secrets = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(secrets, fc.string({ unit: "binary" }), fc.nat(200), (secret, info, length) => {
      const expected = new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(), info, length));
      assertEquals(hex(hkdf(secret, info, length)), hex(expected));
    }),
  );
});

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
