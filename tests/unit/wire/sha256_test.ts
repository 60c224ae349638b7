/** The digest against the platform's own. */

import { createHash } from "node:crypto";
import fc from "fast-check";
import { sha256 } from "../../../src/wire/sha256.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("sha256() is the platform's, for texts and bytes of every length about a block", () => {
  for (let length = 0; length <= 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 7 + length) & 0xff);
    assertEquals(hex(sha256(bytes)), createHash("sha256").update(bytes).digest("hex"));
  }
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 500 }), (text) => {
    assertEquals(hex(sha256(text)), createHash("sha256").update(text).digest("hex"));
  }));
});

Deno.test("sha256() gives the digests of FIPS 180-4's examples", () => {
  assertEquals(
    hex(sha256("abc")),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
  assertEquals(
    hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
});

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
