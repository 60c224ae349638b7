/** The subject of a certificate as people write it. */

import "reflect-metadata"; // A dependency of the library insists on it.
import * as x509 from "@peculiar/x509";
import { certificateSubject } from "../../../src/x509/distinguished_name.ts";
import { assertEquals } from "../../support/assert.ts";
import { madeKeys } from "../../support/made_certificates.ts";

x509.cryptoProvider.set(crypto);

async function subjectOf(name: x509.JsonName): Promise<string | undefined> {
  const keys = await madeKeys("ec");
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
  });
  return certificateSubject(certificate.toString("pem"));
}

Deno.test("certificateSubject() puts the last one first, by the usual names", async () => {
  assertEquals(
    await subjectOf([{ C: ["DE"] }, { O: ["Example"] }, { CN: ["alice"], E: ["a@b.example"] }]),
    "CN=alice+emailAddress=a@b.example,O=Example,C=DE",
  );
  assertEquals(await subjectOf([{ "1.2.3.4": ["x"] }]), "1.2.3.4=x");
  assertEquals(await subjectOf([]), "");
});

Deno.test("certificateSubject() escapes what divides a name", async () => {
  assertEquals(await subjectOf([{ CN: ["a,b=c+d\\"] }]), "CN=a\\,b=c\\+d\\\\");
  assertEquals(await subjectOf([{ CN: ["Zoë"] }]), "CN=Zoë");
});

Deno.test("certificateSubject() returns nothing without a certificate", () => {
  for (const pem of ["", "hello", "-----BEGIN CERTIFICATE-----\n", block("MAA="), block("!")]) {
    assertEquals(certificateSubject(pem), undefined);
  }
});

function block(body: string): string {
  return `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
}
