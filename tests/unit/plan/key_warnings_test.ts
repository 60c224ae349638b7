/** Certificates that hardly any client can use. */

import { rareKeyWarnings } from "../../../src/plan/key_warnings.ts";
import { checkCertificate } from "../../../src/x509/certificate_file.ts";
import { assertEquals, assertStringIncludes } from "../../support/assert.ts";
import { made } from "../../support/made_certificates.ts";
import { runTool } from "../../support/tool_process.ts";
import { testWith } from "../../support/tools.ts";

Deno.test("keys that every client knows are no reason for a word", async () => {
  for (const keyType of ["ec", "rsa", "ed25519"] as const) {
    const certificate = checkCertificate((await made({ keyType })).pem, "a.pem");
    assertEquals(rareKeyWarnings({ ciphers: undefined }, [certificate]), []);
  }
});

testWith({ tools: ["openssl"] }, "a curve that few clients know is named", async () => {
  const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
  try {
    const [key, certificate] = [`${folder}/key`, `${folder}/certificate`];
    await runTool("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1", "-nodes"],
      ...["-days", "9", "-subj", "/CN=rare.example", "-keyout", key, "-out", certificate],
    ]);
    const pem = await Deno.readTextFile(certificate) + await Deno.readTextFile(key);
    const [line] = rareKeyWarnings({ ciphers: undefined }, [checkCertificate(pem, "a.pem")]);
    assertStringIncludes(
      line!,
      "a.pem: its key is on the curve secp256k1, which TLS 1.3 lacks",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
