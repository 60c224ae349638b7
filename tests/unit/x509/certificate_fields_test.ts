/** The fields of certificates that the platform does not tell. */

import fc from "fast-check";
import {
  alternativeNames,
  certificateFields,
  commonName,
  publicKeyAlgorithm,
} from "../../../src/x509/certificate_fields.ts";
import { DerFormatError } from "../../../src/x509/der.ts";
import { parsePem, pemOctets } from "../../../src/x509/pem.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { made, type Wanted } from "../../support/made_certificates.ts";
import { der } from "../../support/made_ocsp_responses.ts";

async function octets(wanted: Wanted): Promise<Uint8Array> {
  return pemOctets(parsePem((await made(wanted)).certificate)[0]!);
}

Deno.test("certificateFields() reads serial number, names and public key", async () => {
  const keyTypes = ["rsa", "ec", "ed25519"] as const;
  for (const keyType of keyTypes) {
    const wanted = { names: ["a.example", "b.example"], serialNumber: "00ff01", keyType };
    const fields = certificateFields(await octets(wanted));
    assertEquals(fields.serialNumber, new Uint8Array([0, 0xff, 1]));
    assertEquals(fields.names, ["a.example", "b.example"]);
    assertEquals(publicKeyAlgorithm(fields.publicKey).type, keyType);
  }
});

Deno.test("alternativeNames() tells names and addresses, and no common name", async () => {
  const names = ["A.example", "ip:192.0.2.1", "ip:2001:db8::7"];
  assertEquals(
    alternativeNames(await octets({ names, commonName: "b.example" })),
    ["A.example", "192.0.2.1", "2001:db8:0:0:0:0:0:7"],
  );
  assertEquals(alternativeNames(await octets({ commonName: "b.example" })), []);
});

Deno.test("certificateFields() reads certificates of version 1, which have no extensions", () => {
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
  const fields = certificateFields(der(0x30, signed, algorithm, der(0x03, new Uint8Array(65))));
  assertEquals(fields, { serialNumber: new Uint8Array([5]), names: ["old.example"], publicKey });
  assertEquals(publicKeyAlgorithm(publicKey), { type: "ed25519", curve: undefined });
});

Deno.test("certificateFields() throws nothing but DerFormatError", async () => {
  const whole = await octets({ names: ["a.example"], commonName: "b.example" });
  const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
  fc.assert(fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
    const damaged = whole.slice();
    for (const [at, octet] of changes) damaged[at] = octet;
    try {
      publicKeyAlgorithm(certificateFields(damaged).publicKey);
    } catch (error) {
      assert(error instanceof DerFormatError, String(error));
    }
  }));
});

function text(characters: string): Uint8Array {
  return new TextEncoder().encode(characters);
}

Deno.test("commonName() is the first of the subject, whoever it names", async () => {
  for (const name of ["a.example", "Änn Example", "*", "x".repeat(64)]) {
    assertEquals(commonName(await octets({ commonName: name })), name);
  }
  assertEquals(commonName(await octets({ names: ["a.example"] })), undefined);
});

Deno.test("commonName() reads every type of string that certificates have", () => {
  const named = (...values: Uint8Array[]) => {
    const attributes = values.map((value) =>
      der(0x31, der(0x30, der(0x06, new Uint8Array([0x55, 4, 3])), value))
    );
    const [nothing, subject] = [der(0x30), der(0x30, ...attributes)];
    const signed = der(0x30, der(0x02, new Uint8Array([5])), nothing, nothing, nothing, subject);
    return der(0x30, signed, nothing, der(0x03, new Uint8Array(9)));
  };
  assertEquals(commonName(named(der(0x0c, text("Bär")), der(0x0c, text("other")))), "Bär");
  assertEquals(commonName(named(der(0x13, text("Bear")))), "Bear");
  assertEquals(commonName(named(der(0x14, new Uint8Array([0x42, 0xe4, 0x72])))), "Bär");
  assertEquals(commonName(named(der(0x1e, new Uint8Array([0, 0x42, 0, 0xe4])))), "Bä");
  assertEquals(commonName(named()), undefined);
});
