/** Algorithms of certificates by the names of the PROXY protocol's text. */

import { certificateAlgorithms } from "../../../src/x509/certificate_algorithms.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { made } from "../../support/made_certificates.ts";
import { runTool } from "../../support/tool_process.ts";
import { testWith } from "../../support/tools.ts";

Deno.test("certificateAlgorithms() names digest and key of the leaf", async () => {
  const expected = [["rsa", "SHA256", "RSA2048"], ["ec", "SHA256", "EC256"]]
    .concat([["ed25519", "ED25519", "ED25519"]]);
  for (const [keyType, signature, key] of expected) {
    const { certificate } = await made({ keyType: keyType as "rsa" });
    const other = await made();
    const chain = { certificateChain: certificate + other.certificate };
    assertEquals(certificateAlgorithms(chain), { signature, key });
    assert(certificateAlgorithms(chain) === certificateAlgorithms(chain), "it is read twice");
  }
});

/** What `openssl req` is told, and what is then in the certificate. */
const MADE: readonly (readonly [string[], string, string])[] = [
  [["-newkey", "rsa:1024", "-sha1"], "SHA1", "RSA1024"],
  [["-newkey", "rsa:3072", "-sha512"], "SHA512", "RSA3072"],
  [["-newkey", "rsa:2047", "-sha224"], "SHA224", "RSA2047"],
  [
    ["-newkey", "rsa:2048", "-sha384", "-sigopt", "rsa_padding_mode:pss"],
    "SHA384",
    "RSA2048",
  ],
  [["-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048", "-sha256"], "SHA256", "RSA2048"],
  [["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-sha384"], "SHA384", "EC384"],
  [["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521", "-sha512"], "SHA512", "EC521"],
  [["-newkey", "ed448"], "ED448", "ED448"],
];

testWith({ tools: ["openssl"] }, "certificateAlgorithms() reads what OpenSSL makes", async () => {
  for (const [args, signature, key] of MADE) {
    const common = ["req", "-x509", "-nodes", "-subj", "/CN=a", "-keyout", "/dev/null"];
    const made = await runTool("openssl", [...common, ...args]);
    assertEquals(made.status?.code, 0, made.report());
    const chain = { certificateChain: made.stdout };
    assertEquals(certificateAlgorithms(chain), { signature, key }, args.join(" "));
  }
});

Deno.test("certificateAlgorithms() of what is no certificate is nothing", () => {
  const nothing = { signature: undefined, key: undefined };
  const damaged = "-----BEGIN CERTIFICATE-----\nMAMCAQA=\n-----END CERTIFICATE-----\n";
  for (const certificateChain of ["", "chain", damaged, "-----BEGIN CERTIFICATE-----\n"]) {
    assertEquals(certificateAlgorithms({ certificateChain }), nothing);
  }
});
