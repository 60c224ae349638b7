/** Certificates made in memory. */

import "reflect-metadata"; // A dependency of the library insists on it.
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
} from "@peculiar/x509";
import { checkCertificate } from "../../../src/x509/certificate_file.ts";
import { makeSelfSigned } from "../../../src/x509/self_signed.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const NOW = new Date("2026-06-01T12:00:00Z");

async function made(name: string): Promise<X509Certificate> {
  const { certificateChain } = checkCertificate(await makeSelfSigned(name, NOW), "made");
  return new X509Certificate(certificateChain);
}

/** The names in a certificate, as `dns a` and `ip 192.0.2.1`. */
function names(certificate: X509Certificate): string[] {
  const { names } = certificate.getExtension(SubjectAlternativeNameExtension)!;
  return names.items.map(({ type, value }) => `${type} ${value}`);
}

Deno.test("makeSelfSigned() makes a certificate that fits its key and is valid for a year", async () => {
  const certificate = await made("tls.example");
  assertEquals([certificate.subject, certificate.issuer], ["CN=tls.example", "CN=tls.example"]);
  assertEquals(names(certificate), ["dns tls.example"]);
  assert(certificate.notBefore < NOW);
  assertEquals(certificate.notAfter, new Date("2027-06-01T12:00:00Z"));
  assertEquals(certificate.getExtension(BasicConstraintsExtension)?.ca, false);
  assertEquals(await certificate.isSelfSigned(), true);
});

Deno.test("makeSelfSigned() puts addresses into the certificate as addresses", async () => {
  assertEquals(names(await made("192.0.2.1")), ["ip 192.0.2.1"]);
  const [ipv6] = names(await made("2001:db8::1"));
  assert(/^ip 2001:0?db8:/.test(ipv6!), ipv6);
});

Deno.test("makeSelfSigned() for localhost names the loopback addresses too", async () => {
  const [first, second, third, ...others] = names(await made("localhost"));
  assertEquals([first, second, others], ["dns localhost", "ip 127.0.0.1", []]);
  assert(/^ip [0:]*:0*1$/.test(third!), third);
});

Deno.test("makeSelfSigned() never makes the same key or serial number twice", async () => {
  const [one, other] = await Promise.all([made("a"), made("a")]);
  assert(one.serialNumber !== other.serialNumber);
  assert(one.publicKey.toString("hex") !== other.publicKey.toString("hex"));
});
