/** One walk through a certificate. */

import fc from "fast-check";
import { Certificate } from "../../../src/x509/certificate.ts";
import { hostNames } from "../../../src/x509/certificate_names.ts";
import { DerFormatError } from "../../../src/x509/der.ts";
import { publicKeyAlgorithm, publicKeyBits } from "../../../src/x509/key_algorithm.ts";
import { parsePem, pemBytes } from "../../../src/x509/pem.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";
import { made, type Wanted } from "../../support/made_certificates.ts";
import { der } from "../../support/made_ocsp_responses.ts";

async function bytes(wanted: Wanted): Promise<Uint8Array> {
  return pemBytes(parsePem((await made(wanted)).certificate)[0]!);
}

Deno.test("Certificate.parse() reads serial number, names, dates and public key", async () => {
  const keyTypes = ["rsa", "ec", "ed25519"] as const;
  for (const keyType of keyTypes) {
    const wanted = { names: ["a.example", "b.example"], serialNumber: "00ff01", keyType };
    const certificate = Certificate.parse(await bytes(wanted));
    assertEquals(certificate.serialNumber, new Uint8Array([0, 0xff, 1]));
    assert(certificate.notBefore < certificate.notAfter);
    assertEquals(hostNames(certificate), ["a.example", "b.example"]);
    assertEquals(publicKeyAlgorithm(certificate.publicKey).type, keyType);
  }
});

Deno.test("Certificate.parse() takes certificates of version 1, which have no extensions", () => {
  const algorithm = der(0x30, der(0x06, new Uint8Array([0x2b, 0x65, 0x70])));
  const commonName = der(
    0x30,
    der(0x06, new Uint8Array([0x55, 4, 3])),
    der(0x0c, text("Old.Example")),
  );
  const name = der(0x30, der(0x31, commonName));
  const dates = der(0x30, der(0x17, text("300101000000Z")), der(0x17, text("310101000000Z")));
  const publicKey = der(0x30, algorithm, der(0x03, new Uint8Array(33)));
  const serialNumber = der(0x02, new Uint8Array([5]));
  const signed = der(0x30, serialNumber, algorithm, name, dates, name, publicKey);
  const certificate = Certificate.parse(
    der(0x30, signed, algorithm, der(0x03, new Uint8Array(65))),
  );
  assertEquals(certificate.serialNumber, new Uint8Array([5]));
  assertEquals(certificate.publicKey, publicKey);
  assertEquals(certificate.notBefore, new Date("2030-01-01T00:00:00Z"));
  assertEquals(certificate.extension("2.5.29.17"), undefined);
  assertEquals(hostNames(certificate), ["old.example"]);
  assertEquals(publicKeyAlgorithm(publicKey), { type: "ed25519", curve: undefined });
});

Deno.test("Certificate.parse() and all that it holds throw nothing but DerFormatError", async () => {
  const whole = await bytes({ names: ["a.example"], commonName: "b.example" });
  const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
  fc.assert(fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
    const damaged = whole.slice();
    for (const [at, byte] of changes) damaged[at] = byte;
    try {
      const certificate = Certificate.parse(damaged);
      publicKeyAlgorithm(certificate.publicKey);
      publicKeyBits(certificate.publicKey);
      hostNames(certificate);
      assert(certificate.notBefore instanceof Date && certificate.notAfter instanceof Date);
    } catch (error) {
      assert(error instanceof DerFormatError, String(error));
    }
  }));
});

Deno.test("Certificate.parsePem() refuses text without a block", () => {
  assertThrows(() => Certificate.parsePem(""), DerFormatError);
});

function text(characters: string): Uint8Array {
  return new TextEncoder().encode(characters);
}
