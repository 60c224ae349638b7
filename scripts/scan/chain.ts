/**
 * The certificates of a scan: a private authority and a server certificate like those of public authorities, so that
 * findings are about the server and not about its certificate.
 */

import "reflect-metadata";
import * as x509 from "@peculiar/x509";

/** Paths of PEM files. */
export interface Chain {
  /** The authority's certificate. */
  readonly authority: string;
  /** The server's certificate and its key: RSA with 2048 bits. */
  readonly server: string;
}

/** Makes a chain for a DNS name and writes it to `directory`. */
export async function makeChain(name: string, directory: string): Promise<Chain> {
  x509.cryptoProvider.set(crypto);
  const [authorityKeys, serverKeys] = [await makeKeys(), await makeKeys()];
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    serialNumber: randomSerial(),
    name: "CN=Authority of a scan",
    keys: authorityKeys,
    signingAlgorithm: RSA_2048,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const server = await x509.X509CertificateGenerator.create({
    ...validity(),
    serialNumber: randomSerial(),
    subject: `CN=${name}`,
    issuer: authority.subject,
    publicKey: serverKeys.publicKey,
    signingKey: authorityKeys.privateKey,
    signingAlgorithm: RSA_2048,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }]),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
        true,
      ),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.CRLDistributionPointsExtension(["http://crl.example.org/authority.crl"]),
    ],
  });
  const key = await crypto.subtle.exportKey("pkcs8", serverKeys.privateKey);
  const paths = { authority: `${directory}/authority.pem`, server: `${directory}/server.pem` };
  await Deno.writeTextFile(paths.authority, `${authority.toString("pem")}\n`);
  await Deno.writeTextFile(
    paths.server,
    `${server.toString("pem")}\n${x509.PemConverter.encode(key, "PRIVATE KEY")}\n`,
    { mode: 0o600 },
  );
  return paths;
}

async function makeKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(RSA_2048, true, ["sign", "verify"]) as CryptoKeyPair;
}

/** 16 bytes: scanners check for randomness. */
function randomSerial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0]! &= 0x7f;
  bytes[0]! |= 0x40;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - DAY), notAfter: new Date(now + 80 * DAY) };
}

const RSA_2048 = {
  name: "RSASSA-PKCS1-v1_5",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: "SHA-256",
};
const DAY = 24 * 60 * 60 * 1000;
