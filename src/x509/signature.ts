/**
 * Verifies signatures in the form of X.509 and OCSP: an AlgorithmIdentifier and bytes. Obsolete algorithms (MD5, DSA)
 * are not supported.
 */

import { Buffer } from "node:buffer";
import { constants, createPublicKey, verify } from "node:crypto";
import { type DerElement, derIdentifier, DerTag, objectIdentifier } from "./der.ts";

/** Signed data. */
export interface Signed {
  readonly signed: Uint8Array;
  /** An AlgorithmIdentifier. */
  readonly signatureAlgorithm: DerElement;
  readonly signature: Uint8Array;
}

/**
 * Whether the key (a SubjectPublicKeyInfo, DER) made the signature. Also false if this code or the platform does not
 * support the algorithm or the key.
 */
export function isSignedBy(
  { signed, signatureAlgorithm, signature }: Signed,
  publicKey: Uint8Array,
): boolean {
  try {
    const { hash, type, ...padding } = algorithmOf(signatureAlgorithm) ?? {};
    if (type === undefined) return false;
    const key = createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" });
    if (key.asymmetricKeyType !== type) return false;
    return verify(hash, signed, { key, ...padding }, signature);
  } catch {
    return false;
  }
}

interface Algorithm {
  readonly hash: string | null;
  /** The type of the key, by Node's name. */
  readonly type: string;
  readonly padding?: number;
  readonly saltLength?: number;
}

function algorithmOf(identifier: DerElement): Algorithm | undefined {
  const [name, parameters] = identifier.children();
  const text = name?.tag === DerTag.objectIdentifier ? objectIdentifier(name.content) : "";
  return text === RSA_PSS ? pssAlgorithm(parameters) : ALGORITHMS.get(text);
}

/** RFC 4055 section 3.1; the salt must be as long as the hash, as is usual. */
function pssAlgorithm(parameters: DerElement | undefined): Algorithm | undefined {
  const [explicit] = parameters?.children() ?? [];
  const hash = explicit?.tag === HASH_FIELD
    ? HASHES.get(derIdentifier(explicit.children()[0]!.children()[0]))
    : HASHES.get(SHA1);
  return hash && {
    ...hash,
    type: "rsa",
    padding: constants.RSA_PKCS1_PSS_PADDING,
  };
}

const RSA_PSS = "1.2.840.113549.1.1.10";
const SHA1 = "1.3.14.3.2.26";
const HASH_FIELD = 0xa0;
const HASHES = new Map([
  [SHA1, { hash: "sha1", saltLength: 20 }],
  ["2.16.840.1.101.3.4.2.1", { hash: "sha256", saltLength: 32 }],
  ["2.16.840.1.101.3.4.2.2", { hash: "sha384", saltLength: 48 }],
  ["2.16.840.1.101.3.4.2.3", { hash: "sha512", saltLength: 64 }],
]);
const ALGORITHMS = new Map<string, Algorithm>([
  ["1.2.840.113549.1.1.5", { hash: "sha1", type: "rsa" }],
  ["1.2.840.113549.1.1.11", { hash: "sha256", type: "rsa" }],
  ["1.2.840.113549.1.1.12", { hash: "sha384", type: "rsa" }],
  ["1.2.840.113549.1.1.13", { hash: "sha512", type: "rsa" }],
  ["1.2.840.10045.4.1", { hash: "sha1", type: "ec" }],
  ["1.2.840.10045.4.3.2", { hash: "sha256", type: "ec" }],
  ["1.2.840.10045.4.3.3", { hash: "sha384", type: "ec" }],
  ["1.2.840.10045.4.3.4", { hash: "sha512", type: "ec" }],
  ["1.3.101.112", { hash: null, type: "ed25519" }],
]);
