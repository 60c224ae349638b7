/** Signatures by every algorithm that certificates and OCSP responses are signed with. */

import { constants, createPrivateKey, sign } from "node:crypto";
import { Buffer } from "node:buffer";
import { isSignedBy } from "../../../src/x509/signature.ts";
import { readDer } from "../../../src/x509/der.ts";
import { assertEquals } from "../../support/assert.ts";
import { der } from "../../support/made_ocsp_responses.ts";

const TEXT = new TextEncoder().encode("signed");
const RSA = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};
const P256 = { name: "ECDSA", namedCurve: "P-256" };
const P384 = { name: "ECDSA", namedCurve: "P-384" };

for (
  const [name, key, hash, identifier] of [
    ["RSA with SHA-1", RSA, "sha1", "2a864886f70d010105"],
    ["RSA with SHA-256", RSA, "sha256", "2a864886f70d01010b"],
    ["RSA with SHA-384", RSA, "sha384", "2a864886f70d01010c"],
    ["RSA with SHA-512", RSA, "sha512", "2a864886f70d01010d"],
    ["P-256 with SHA-1", P256, "sha1", "2a8648ce3d0401"],
    ["P-256 with SHA-256", P256, "sha256", "2a8648ce3d040302"],
    ["P-384 with SHA-384", P384, "sha384", "2a8648ce3d040303"],
    ["Ed25519", { name: "Ed25519" }, null, "2b6570"],
  ] as const
) {
  Deno.test(`isSignedBy() verifies ${name}`, async () => {
    const { publicKey, privateKey, foreign } = await keys(key);
    const made = sign(hash, Buffer.from(TEXT), privateKey);
    const what = {
      signed: TEXT,
      signatureAlgorithm: readDer(der(0x30, der(0x06, hex(identifier)))),
      signature: new Uint8Array(made),
    };
    assertEquals(isSignedBy(what, publicKey), true);
    assertEquals(isSignedBy(what, foreign), false);
    assertEquals(isSignedBy({ ...what, signed: TEXT.slice(1) }, publicKey), false);
    assertEquals(isSignedBy({ ...what, signature: what.signature.slice(1) }, publicKey), false);
  });
}

Deno.test("isSignedBy() verifies RSA-PSS", async () => {
  const { publicKey, privateKey } = await keys(RSA);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const made = sign("sha256", Buffer.from(TEXT), { key: privateKey, padding, saltLength: 32 });
  const sha256 = der(0x30, der(0x06, hex("608648016503040201")));
  const parameters = der(0x30, der(0xa0, sha256));
  const pss = der(0x30, der(0x06, hex("2a864886f70d01010a")), parameters);
  const what = { signed: TEXT, signatureAlgorithm: readDer(pss), signature: new Uint8Array(made) };
  assertEquals(isSignedBy(what, publicKey), true);
  assertEquals(isSignedBy({ ...what, signed: TEXT.slice(1) }, publicKey), false);
});

Deno.test("isSignedBy() accepts neither MD5 nor the algorithm of another key", async () => {
  const { publicKey, privateKey } = await keys(RSA);
  const md5 = readDer(der(0x30, der(0x06, hex("2a864886f70d010104"))));
  const signature = new Uint8Array(sign("md5", Buffer.from(TEXT), privateKey));
  assertEquals(isSignedBy({ signed: TEXT, signatureAlgorithm: md5, signature }, publicKey), false);
  const ecdsa = readDer(der(0x30, der(0x06, hex("2a8648ce3d040302"))));
  assertEquals(
    isSignedBy({ signed: TEXT, signatureAlgorithm: ecdsa, signature }, publicKey),
    false,
  );
});

async function keys(algorithm: Parameters<typeof crypto.subtle.generateKey>[0]) {
  const [own, other] = await Promise.all(
    [0, 1].map(async () =>
      await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as CryptoKeyPair
    ),
  );
  const spki = async ({ publicKey }: CryptoKeyPair) =>
    new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", own!.privateKey));
  return {
    publicKey: await spki(own!),
    foreign: await spki(other!),
    privateKey: createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }),
  };
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g)!, (pair) => parseInt(pair, 16));
}
