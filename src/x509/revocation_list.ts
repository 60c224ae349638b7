/**
 * Takes a certificate revocation list apart (RFC 5280 section 5): whose it is, for how long, and what is signed. Which
 * certificates are in it is for the TLS library. It judges nothing.
 */

import { derChildren, type DerElement, DerFormatError, DerTag } from "./der.ts";
import { objectIdentifier, readDer } from "./der.ts";
import { derTime, isDerTime } from "./der_time.ts";

/** The parts of a list. All bytes are views of what was read. */
export interface RevocationListFields {
  /** What is signed. */
  readonly signed: Uint8Array;
  /** An AlgorithmIdentifier. */
  readonly signatureAlgorithm: DerElement;
  readonly signature: Uint8Array;
  /** A name. */
  readonly issuer: DerElement;
  readonly thisUpdate: Date;
  /** Undefined if the list does not say. */
  readonly nextUpdate: Date | undefined;
  /** It has only what has changed since another one (section 5.2.4). */
  readonly isDelta: boolean;
}

/** Takes a list in DER apart. Throws {@linkcode DerFormatError}. */
export function parseRevocationList(octets: Uint8Array): RevocationListFields {
  const [data, algorithm, signature] = derChildren(expected(readDer(octets), DerTag.sequence));
  const all = derChildren(expected(data, DerTag.sequence));
  // The version is left out for version 1.
  const [, issuer, thisUpdate, ...others] = all[0]?.tag === DerTag.integer ? all.slice(1) : all;
  if (thisUpdate === undefined) throw new DerFormatError("a field is missing");
  const [next] = others;
  return {
    signed: data!.whole,
    signatureAlgorithm: expected(algorithm, DerTag.sequence),
    signature: wholeOctets(expected(signature, DerTag.bitString)),
    issuer: expected(issuer, DerTag.sequence),
    thisUpdate: derTime(thisUpdate),
    nextUpdate: next !== undefined && isDerTime(next) ? derTime(next) : undefined,
    isDelta: others.some((field) => field.tag === EXTENSIONS && hasExtension(field, DELTA)),
  };
}

/** A signature is made of whole bytes, which the first one of a BIT STRING says. */
function wholeOctets({ content }: DerElement): Uint8Array {
  if (content[0] !== 0) throw new DerFormatError("a signature of odd bits");
  return content.subarray(1);
}

function hasExtension(field: DerElement, wanted: string): boolean {
  const [list] = derChildren(field);
  return derChildren(expected(list, DerTag.sequence)).some((extension) => {
    const [identifier] = derChildren(extension);
    return objectIdentifier(expected(identifier, DerTag.objectIdentifier).content) === wanted;
  });
}

function expected(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag !== tag) throw new DerFormatError("a field is missing or of another type");
  return element;
}

const EXTENSIONS = 0xa0;
/** deltaCRLIndicator. */
const DELTA = "2.5.29.27";
