/**
 * Names of the algorithms in a served certificate, as the PROXY protocol sends them to backends. The examples in its
 * text (proxy-protocol.txt section 2.2.6) are `SHA256` and `RSA2048`. HAProxy sends OpenSSL's short name of the
 * signature for the first, `RSA-SHA256` or `ecdsa-with-SHA256`; stud follows the text.
 */

import { type DerElement, derIdentifier, derSequence, readDer } from "./der.ts";
import { Certificate } from "./certificate.ts";
import { publicKeyAlgorithm, publicKeyBits } from "./key_algorithm.ts";

/** The algorithms of a certificate, by the names in the PROXY protocol's text. */
export interface CertificateAlgorithms {
  /** The digest of its signature: `SHA256`. `ED25519` and `ED448` are digest and signature in one. */
  readonly signature: string | undefined;
  /** Its key: `RSA2048`, `EC256`. */
  readonly key: string | undefined;
}

/** An object that holds PEM text, leaf first. */
export interface CertificateChain {
  readonly certificateChain: string;
}

/** The algorithms of the leaf. Unreadable or unnamed ones are undefined. A certificate is parsed once. */
export function certificateAlgorithms(certificate: CertificateChain): CertificateAlgorithms {
  let algorithms = known.get(certificate);
  if (algorithms === undefined) known.set(certificate, algorithms = read(certificate));
  return algorithms;
}

const known = new WeakMap<CertificateChain, CertificateAlgorithms>();

function read({ certificateChain }: CertificateChain): CertificateAlgorithms {
  const leaf = attempt(() => Certificate.parsePem(certificateChain));
  return {
    signature: leaf && attempt(() => signatureName(leaf.signatureAlgorithm)),
    key: leaf && attempt(() => keyName(leaf.publicKey)),
  };
}

/** A certificate that the library serves must not fail because an algorithm has no name. */
function attempt<Result>(look: () => Result): Result | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function signatureName(identifier: DerElement): string | undefined {
  const [oid, parameters] = identifier.children();
  const signature = derIdentifier(oid);
  return signature === RSASSA_PSS ? pssDigest(parameters) : SIGNATURES.get(signature);
}

/** RFC 4055 section 3.1: the digest is the first parameter, and SHA-1 if it is omitted. */
function pssDigest(parameters: DerElement | undefined): string | undefined {
  const [first] = parameters?.children() ?? [];
  if (first?.tag !== PSS_DIGEST) return "SHA1";
  const [oid] = derSequence(first.children()[0]);
  return DIGESTS.get(derIdentifier(oid));
}

function keyName(publicKey: Uint8Array): string | undefined {
  const { type, curve = "" } = publicKeyAlgorithm(publicKey);
  if (type === "rsa" || type === "rsa-pss") return `RSA${modulusBits(publicKey)}`;
  if (type === "ec") return CURVES.get(curve);
  return type === "ed25519" || type === "ed448" ? type.toUpperCase() : undefined;
}

function modulusBits(publicKey: Uint8Array): number {
  const [modulus] = derSequence(readDer(publicKeyBits(publicKey)));
  const bytes = modulus!.content;
  const start = bytes.findIndex((byte) => byte !== 0);
  return 8 * (bytes.length - start) - Math.clz32(bytes[start]!) + 24;
}

const RSASSA_PSS = "1.2.840.113549.1.1.10";
const PSS_DIGEST = 0xa0;
/** RFC 8017, RFC 5758, RFC 8410. */
const SIGNATURES = new Map([
  ["1.2.840.113549.1.1.4", "MD5"],
  ["1.2.840.113549.1.1.5", "SHA1"],
  ["1.2.840.113549.1.1.11", "SHA256"],
  ["1.2.840.113549.1.1.12", "SHA384"],
  ["1.2.840.113549.1.1.13", "SHA512"],
  ["1.2.840.113549.1.1.14", "SHA224"],
  ["1.2.840.10045.4.1", "SHA1"],
  ["1.2.840.10045.4.3.1", "SHA224"],
  ["1.2.840.10045.4.3.2", "SHA256"],
  ["1.2.840.10045.4.3.3", "SHA384"],
  ["1.2.840.10045.4.3.4", "SHA512"],
  ["1.3.101.112", "ED25519"],
  ["1.3.101.113", "ED448"],
]);
const DIGESTS = new Map([
  ["1.3.14.3.2.26", "SHA1"],
  ["2.16.840.1.101.3.4.2.4", "SHA224"],
  ["2.16.840.1.101.3.4.2.1", "SHA256"],
  ["2.16.840.1.101.3.4.2.2", "SHA384"],
  ["2.16.840.1.101.3.4.2.3", "SHA512"],
]);
/** RFC 5480, RFC 5639 and SEC 2. */
const CURVES = new Map([
  ["1.2.840.10045.3.1.1", "EC192"],
  ["1.3.132.0.33", "EC224"],
  ["1.2.840.10045.3.1.7", "EC256"],
  ["1.3.132.0.10", "EC256"],
  ["1.3.132.0.34", "EC384"],
  ["1.3.132.0.35", "EC521"],
  ["1.3.36.3.3.2.8.1.1.7", "EC256"],
  ["1.3.36.3.3.2.8.1.1.11", "EC384"],
  ["1.3.36.3.3.2.8.1.1.13", "EC512"],
]);
