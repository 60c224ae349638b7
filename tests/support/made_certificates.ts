/** Certificates of every sort, made by a test for itself. */

import "reflect-metadata"; // A dependency of the library insists on it.
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(crypto);

/** What is particular to a certificate. */
export interface Wanted {
  /** subjectAltName: DNS names, and addresses behind `ip:`. */
  readonly names?: readonly string[];
  readonly commonName?: string;
  readonly keyType?: "rsa" | "ec" | "ed25519";
  /** Another certificate's keys. */
  readonly keys?: CryptoKeyPair;
  readonly serialNumber?: string;
  /** Days from today. */
  readonly from?: number;
  /** Days from today. */
  readonly until?: number;
}

/** A certificate and its key, as PEM text. */
export interface Made {
  readonly certificate: string;
  readonly key: string;
  /** Both in one. */
  readonly pem: string;
  readonly keys: CryptoKeyPair;
}

/** The day on which certificates are made, unless a test says otherwise. */
export const TODAY = new Date("2030-01-01T00:00:00Z");

const ALGORITHMS = {
  rsa: {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  },
  ec: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  ed25519: { name: "Ed25519" },
};

/** Makes keys of a type. */
export async function madeKeys(keyType: keyof typeof ALGORITHMS): Promise<CryptoKeyPair> {
  const keys = await crypto.subtle.generateKey(ALGORITHMS[keyType], true, ["sign", "verify"]);
  return keys as CryptoKeyPair;
}

/** Makes a self-signed certificate: of P-256, valid for 100 days, unless the test wants another. */
export async function made(wanted: Wanted = {}): Promise<Made> {
  const { names = [], commonName, keyType = "ec", serialNumber = "0102", from = -1, until = 100 } =
    wanted;
  const keys = wanted.keys ?? await madeKeys(keyType);
  const days = (count: number) => new Date(TODAY.getTime() + count * 86_400_000);
  const alternative = names.map((name) =>
    name.startsWith("ip:")
      ? { type: "ip" as const, value: name.slice(3) }
      : { type: "dns" as const, value: name }
  );
  const result = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: commonName === undefined ? "" : [{ O: ["Example"] }, { CN: [commonName] }],
    notBefore: days(from),
    notAfter: days(until),
    signingAlgorithm: ALGORITHMS[keyType],
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      ...alternative.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(alternative)],
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  const certificate = `${result.toString("pem")}\n`;
  const key = `${x509.PemConverter.encode(pkcs8, "PRIVATE KEY")}\n`;
  return { certificate, key, pem: certificate + key, keys };
}
