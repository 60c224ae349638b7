/**
 * OCSP on the wire (RFC 6960 section 4): encodes requests and parses responses. It does not judge them: the caller
 * checks which certificate a response is for, whether it is valid and who signed it.
 */

import { derBits, type DerElement, DerFormatError, derIdentifier } from "../x509/der.ts";
import { derSequence, DerTag, encodeDer, expectDer, readDer } from "../x509/der.ts";
import { derTime } from "../x509/der_time.ts";

/** Names a certificate by its issuer. Hashes are SHA-1 in requests. */
export interface OcspCertificateId {
  /** Of the issuer's name, DER. */
  readonly issuerNameHash: Uint8Array;
  /** Of the content of the issuer's public key, without tag, length and unused bits. */
  readonly issuerKeyHash: Uint8Array;
  /** The content of the INTEGER. */
  readonly serialNumber: Uint8Array;
}

/** What a response says about one certificate. */
export interface OcspSingleResponse extends OcspCertificateId {
  /** The object identifier of the algorithm that made the hashes. */
  readonly hashAlgorithm: string;
  readonly status: "good" | "revoked" | "unknown";
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
}

/** An answer, with what is needed to check its signer. All bytes are views of what was parsed. */
export interface OcspAnswer {
  /** What is signed. */
  readonly signed: Uint8Array;
  /** An AlgorithmIdentifier. */
  readonly signatureAlgorithm: DerElement;
  readonly signature: Uint8Array;
  /** The signer's name, DER, or the SHA-1 of its key. */
  readonly responder: { readonly name: Uint8Array } | { readonly keyHash: Uint8Array };
  readonly responses: readonly OcspSingleResponse[];
  /** Certificates that came along, DER. */
  readonly certificates: readonly Uint8Array[];
}

/** A response: an answer, or the status of a refusal. */
export type OcspResponse =
  | { readonly status: 0; readonly answer: OcspAnswer }
  | { readonly status: number; readonly answer: undefined };

/** A request about one certificate, without a nonce, so that answers may be made in advance (RFC 5019). */
export function encodeOcspRequest(id: OcspCertificateId): Uint8Array<ArrayBuffer> {
  const sequence = (...parts: Uint8Array[]) => encodeDer(DerTag.sequence, ...parts);
  const certificateId = sequence(
    SHA1,
    encodeDer(DerTag.octetString, id.issuerNameHash),
    encodeDer(DerTag.octetString, id.issuerKeyHash),
    encodeDer(DerTag.integer, id.serialNumber),
  );
  return sequence(sequence(sequence(sequence(certificateId))));
}

/** Parses a response (DER). Throws {@linkcode DerFormatError}. */
export function parseOcspResponse(der: Uint8Array): OcspResponse {
  const [statusField, bytes] = derSequence(readDer(der));
  const [status] = expectDer(statusField, ENUMERATED).content;
  if (status === undefined) throw new DerFormatError("a status is missing");
  if (status !== 0) return { status, answer: undefined };
  const [type, response] = derSequence(only(bytes, FIELD_0));
  if (derIdentifier(type) !== BASIC_RESPONSE) {
    throw new DerFormatError("another type of response");
  }
  return {
    status,
    answer: basicResponse(readDer(expectDer(response, DerTag.octetString).content)),
  };
}

function basicResponse(element: DerElement): OcspAnswer {
  const [data, algorithm, signature, certificates] = derSequence(element);
  const fields = derSequence(data);
  const [responder, , responses] = fields[0]?.tag === FIELD_0 ? fields.slice(1) : fields;
  return {
    signed: data!.whole,
    signatureAlgorithm: expectDer(algorithm, DerTag.sequence),
    signature: derBits(signature),
    responder: responderId(responder),
    responses: derSequence(responses).map(singleResponse),
    certificates: certificates === undefined
      ? []
      : derSequence(only(certificates, FIELD_0)).map(({ whole }) => whole),
  };
}

function responderId(element: DerElement | undefined): OcspAnswer["responder"] {
  if (element?.tag === FIELD_1) return { name: only(element, FIELD_1).whole };
  return { keyHash: expectDer(only(element, FIELD_2), DerTag.octetString).content };
}

function singleResponse(element: DerElement): OcspSingleResponse {
  const [id, status, thisUpdate, ...others] = derSequence(element);
  const [algorithm, name, key, serial] = derSequence(id);
  const [hash] = derSequence(algorithm);
  const nextUpdate = others.find(({ tag }) => tag === FIELD_0);
  return {
    hashAlgorithm: derIdentifier(hash),
    issuerNameHash: expectDer(name, DerTag.octetString).content,
    issuerKeyHash: expectDer(key, DerTag.octetString).content,
    serialNumber: expectDer(serial, DerTag.integer).content,
    status: certificateStatus(status),
    thisUpdate: time(thisUpdate),
    nextUpdate: nextUpdate === undefined ? undefined : time(only(nextUpdate, FIELD_0)),
  };
}

function certificateStatus(element: DerElement | undefined): OcspSingleResponse["status"] {
  const status = STATUSES.get(element?.tag ?? 0);
  if (status === undefined) throw new DerFormatError("a status that OCSP does not have");
  return status;
}

function time(element: DerElement | undefined): Date {
  return derTime(expectDer(element, GENERALIZED_TIME));
}

/** The content of an explicit tag. */
function only(element: DerElement | undefined, tag: number): DerElement {
  const [inner, ...others] = expectDer(element, tag).children();
  if (inner === undefined || others.length > 0) throw new DerFormatError("not one element");
  return inner;
}

const ENUMERATED = 0x0a;
const GENERALIZED_TIME = 0x18;
const FIELD_0 = 0xa0;
const FIELD_1 = 0xa1;
const FIELD_2 = 0xa2;
/** id-pkix-ocsp-basic. */
const BASIC_RESPONSE = "1.3.6.1.5.5.7.48.1.1";
/** The tags of CertStatus. */
const STATUSES = new Map([[0x80, "good"], [0xa1, "revoked"], [0x82, "unknown"]] as const) as Map<
  number,
  OcspSingleResponse["status"]
>;
/** The AlgorithmIdentifier of SHA-1. */
const SHA1 = Uint8Array.of(0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0);
