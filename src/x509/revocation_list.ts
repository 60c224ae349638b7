/**
 * Parses a certificate revocation list (RFC 5280 section 5): its issuer, its dates, and what is signed. The TLS library
 * looks up certificates in it. It validates nothing.
 */

import { derBits, type DerElement, DerFormatError, derIdentifier } from "./der.ts";
import { derSequence, DerTag, expectDer, readDer } from "./der.ts";
import { derTime, isDerTime } from "./der_time.ts";

/** The parts of a list. All bytes are views of the parsed bytes. */
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
  /** It contains only the changes since another list (section 5.2.4). */
  readonly isDelta: boolean;
}

/** Parses a list in DER. Throws {@linkcode DerFormatError}. */
export function parseRevocationList(der: Uint8Array): RevocationListFields {
  const [data, algorithm, signature] = derSequence(readDer(der));
  const all = derSequence(data);
  // The version is omitted for version 1.
  const [, issuer, thisUpdate, ...others] = all[0]?.tag === DerTag.integer ? all.slice(1) : all;
  if (thisUpdate === undefined) throw new DerFormatError("a field is missing");
  const [next] = others;
  return {
    signed: data!.whole,
    signatureAlgorithm: expectDer(algorithm, DerTag.sequence),
    signature: derBits(signature),
    issuer: expectDer(issuer, DerTag.sequence),
    thisUpdate: derTime(thisUpdate),
    nextUpdate: next !== undefined && isDerTime(next) ? derTime(next) : undefined,
    isDelta: others.some((field) => field.tag === EXTENSIONS && hasExtension(field, DELTA)),
  };
}

function hasExtension(field: DerElement, wanted: string): boolean {
  const [list] = field.children();
  return derSequence(list).some((extension) => derIdentifier(extension.children()[0]) === wanted);
}

const EXTENSIONS = 0xa0;
/** deltaCRLIndicator. */
const DELTA = "2.5.29.27";
