/**
 * Makes a certificate for `--self-signed`, in memory. For trying things out: no client trusts it unless told
 * to.
 */

import { isIpAddress } from "../wire/ip_address.ts";

/**
 * Makes a self-signed P-256 certificate for a DNS name or an IP address, valid from an hour before `now` for
 * a year, as PEM text: certificate, then key. `localhost` also names the loopback addresses.
 */
export async function makeSelfSigned(name: string, now: Date): Promise<string> {
  // Loaded only here: workers and every other start of the program do without it.
  await import("reflect-metadata"); // A dependency of the library insists on it.
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(crypto);
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: hex(crypto.getRandomValues(new Uint8Array(16)).map((octet) => octet & 0x7f)),
    name: [{ CN: [name] }],
    notBefore: new Date(now.getTime() - HOUR),
    notAfter: new Date(now.getTime() + YEAR),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(alternativeNames(name)),
    ],
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return `${certificate.toString("pem")}\n${x509.PemConverter.encode(key, "PRIVATE KEY")}\n`;
}

function alternativeNames(name: string): { type: "dns" | "ip"; value: string }[] {
  const own = { type: isIpAddress(name) ? "ip" as const : "dns" as const, value: name };
  if (name !== "localhost") return [own];
  return [own, { type: "ip", value: "127.0.0.1" }, { type: "ip", value: "::1" }];
}

function hex(octets: Uint8Array): string {
  return [...octets].map((octet) => octet.toString(16).padStart(2, "0")).join("");
}

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;
