/** Private keys, and whose they are. */

import { StartupError } from "../../../src/errors.ts";
import { Certificate } from "../../../src/x509/certificate.ts";
import { keyBelongs, readPrivateKey } from "../../../src/x509/private_key.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "../../support/assert.ts";
import { type Made, made } from "../../support/made_certificates.ts";
import { der } from "../../support/made_ocsp_responses.ts";

function publicKeyOf({ certificate }: Made): Uint8Array {
  return Certificate.parsePem(certificate).publicKey;
}

Deno.test("keyBelongs() knows a certificate's key from others of every type", async () => {
  const types = ["rsa", "ec", "ed25519"] as const;
  const all = await Promise.all([...types, ...types].map((keyType) => made({ keyType })));
  for (const one of all) {
    const key = readPrivateKey(one.key, "a.key");
    for (const other of all) assertEquals(keyBelongs(key, publicKeyOf(other)), one === other);
  }
});

Deno.test("keyBelongs() knows a key whose point is compressed in the certificate", async () => {
  const one = await made();
  const compressed = (publicKey: Uint8Array) => {
    const algorithm = publicKey.slice(2, 2 + 21);
    const x = publicKey.slice(27, 27 + 32);
    const sign = 2 + (publicKey.at(-1)! & 1);
    return der(0x30, algorithm, der(0x03, new Uint8Array([0, sign, ...x])));
  };
  const key = readPrivateKey(one.key, "a.key");
  assertEquals(keyBelongs(key, compressed(publicKeyOf(one))), true);
  assertEquals(keyBelongs(key, compressed(publicKeyOf(await made()))), false);
});

Deno.test("keyBelongs() does not know which certificate a key in a token belongs to", async () => {
  const key = readPrivateKey("pkcs11:object=a", "pkcs11:object=a");
  assertEquals(keyBelongs(key, publicKeyOf(await made())), undefined);
});

Deno.test("readPrivateKey() takes the first key, and says why it takes none", async () => {
  const [one, other] = [await made(), await made()];
  assertEquals(readPrivateKey(one.certificate + one.key + other.key, "a.key").text, one.key);
  const refused = (text: string) =>
    assertThrows(() => readPrivateKey(text, "a.key"), StartupError).message;
  assertEquals(refused(" \n"), "a.key: the file is empty");
  assertEquals(refused(one.certificate), "a.key: no private key in it, only CERTIFICATE (line 1)");
  assertStringIncludes(
    refused(one.key.slice(0, 60)),
    "a.key: the PRIVATE KEY block of line 1 has no end",
  );
  const encrypted = one.key.replaceAll("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
  assertStringIncludes(refused(encrypted), "a.key: the private key (line 1) is encrypted");
  const short = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
  assertStringIncludes(refused(short), "a.key: the private key (line 1) is damaged");
});
