/**
 * A certificate (RFC 5280) as something that somebody has signed: by whom, with what, for how long, and what
 * its extensions say. It judges nothing.
 */

import { derChildren, type DerElement, DerFormatError, DerTag } from "./der.ts";
import { objectIdentifier, readDer } from "./der.ts";
import { derTime } from "./der_time.ts";

/** The parts of a certificate. All octets are views of what was read. */
export interface SignedCertificate {
  /** What is signed. */
  readonly signed: Uint8Array;
  /** An AlgorithmIdentifier. */
  readonly signatureAlgorithm: DerElement;
  readonly signature: Uint8Array;
  /** The content of the INTEGER. */
  readonly serialNumber: Uint8Array;
  /** A name, DER. */
  readonly issuer: Uint8Array;
  /** A name, DER. */
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** Values (DER) by the object identifiers of the extensions. */
  readonly extensions: ReadonlyMap<string, Uint8Array>;
}

/** Takes a certificate in DER apart. Throws {@linkcode DerFormatError}. */
export function readSignedCertificate(octets: Uint8Array): SignedCertificate {
  const [data, algorithm, signature] = derChildren(expected(readDer(octets), DerTag.sequence));
  const all = derChildren(expected(data, DerTag.sequence));
  const [serial, , issuer, validity, subject, publicKey, ...others] = all[0]?.tag === VERSION
    ? all.slice(1)
    : all;
  const [notBefore, notAfter] = derChildren(expected(validity, DerTag.sequence));
  if (notBefore === undefined || notAfter === undefined) {
    throw new DerFormatError("a field is missing");
  }
  return {
    signed: data!.whole,
    signatureAlgorithm: expected(algorithm, DerTag.sequence),
    signature: expected(signature, DerTag.bitString).content.subarray(1),
    serialNumber: expected(serial, DerTag.integer).content,
    issuer: expected(issuer, DerTag.sequence).whole,
    subject: expected(subject, DerTag.sequence).whole,
    notBefore: derTime(notBefore),
    notAfter: derTime(notAfter),
    publicKey: expected(publicKey, DerTag.sequence).whole,
    extensions: new Map(others.filter(({ tag }) => tag === EXTENSIONS).flatMap(extensions)),
  };
}

/** The content of the BIT STRING in a SubjectPublicKeyInfo. Throws {@linkcode DerFormatError}. */
export function publicKeyBits(publicKey: Uint8Array): Uint8Array {
  const [, bits] = derChildren(readDer(publicKey));
  return expected(bits, DerTag.bitString).content.subarray(1);
}

function extensions(field: DerElement): [identifier: string, value: Uint8Array][] {
  const [list] = derChildren(field);
  return derChildren(expected(list, DerTag.sequence)).map((extension) => {
    const parts = derChildren(extension);
    const identifier = expected(parts[0], DerTag.objectIdentifier).content;
    // Between identifier and value there may be a flag: critical.
    return [objectIdentifier(identifier), expected(parts.at(-1), DerTag.octetString).content];
  });
}

function expected(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag !== tag) throw new DerFormatError("a field is missing or of another type");
  return element;
}

const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
