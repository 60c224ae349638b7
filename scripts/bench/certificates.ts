/**
 * The two self-signed certificates of a run, as PEM files with the key. They are made in memory, so no tool is needed.
 * Every proxy gets the same ones.
 */

import "reflect-metadata";
import * as x509 from "@peculiar/x509";

/** Paths of PEM files: certificate first, then key. */
export interface Certificates {
  readonly rsa2048: string;
  readonly p256: string;
}

/** Writes the files to `directory`. */
export async function makeCertificates(directory: string): Promise<Certificates> {
  const rsa2048 = `${directory}/rsa2048.pem`;
  const p256 = `${directory}/p256.pem`;
  await Deno.writeTextFile(rsa2048, await selfSigned(RSA_2048));
  await Deno.writeTextFile(p256, await selfSigned(P_256));
  return { rsa2048, p256 };
}

async function selfSigned(algorithm: Algorithm): Promise<string> {
  const keys = await crypto.subtle.generateKey(algorithm, true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=localhost",
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + 30 * DAY),
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "localhost" }])],
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return certificate.toString("pem") + "\n" + x509.PemConverter.encode(key, "PRIVATE KEY") + "\n";
}

type Algorithm = (RsaHashedKeyGenParams | EcKeyGenParams) & { hash: string };

const RSA_2048: Algorithm = {
  name: "RSASSA-PKCS1-v1_5",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: "SHA-256",
};
const P_256: Algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 24 * 60 * 60 * 1000;
