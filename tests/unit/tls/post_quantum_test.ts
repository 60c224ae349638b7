/** Which post-quantum groups a library offers. */

import { postQuantum } from "../../../src/tls/post_quantum.ts";
import { assertEquals, assertStringIncludes } from "../../support/assert.ts";

const DEFAULTS = { groups: undefined, protocols: ["TLSv1.2", "TLSv1.3"] } as const;

Deno.test("postQuantum() knows which libraries have ML-KEM", () => {
  for (
    const library of [
      "rustls",
      "OpenSSL 3.5.0 8 Apr 2025",
      "OpenSSL 3.5.8 (Node 26.5.0)",
      "OpenSSL 4.0.0",
    ]
  ) {
    assertEquals(postQuantum(library, DEFAULTS), { groups: ["X25519MLKEM768"], why: undefined });
  }
  assertEquals(postQuantum("OpenSSL 3.0.22 25 Aug 2026", DEFAULTS), {
    groups: [],
    why: "it needs OpenSSL 3.5 or later",
  });
  assertStringIncludes(postQuantum("OpenSSL 3.0.15 (Node 20.1.0)", DEFAULTS).why!, "Node 24.5");
});

Deno.test("postQuantum() heeds the operator's groups and versions", () => {
  const groups = "?SecP256r1MLKEM768:*X25519MLKEM768/X25519";
  assertEquals(postQuantum("OpenSSL 3.5.0", { ...DEFAULTS, groups }).groups, [
    "SecP256r1MLKEM768",
    "X25519MLKEM768",
  ]);
  assertEquals(
    postQuantum("OpenSSL 3.5.0", { ...DEFAULTS, groups: "X25519" }).why,
    "--ecdh-curve leaves it out; X25519MLKEM768:X25519 has it",
  );
  assertEquals(
    postQuantum("OpenSSL 3.5.0", { ...DEFAULTS, protocols: ["TLSv1.2"] }).why,
    "TLSv1.3 is off (--tls-protos)",
  );
});
