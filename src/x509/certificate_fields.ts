/**
 * What stud needs to know of an X.509 certificate (RFC 5280) and the platform's own parser does not tell, or
 * not in every version: names, public key, serial number, octet by octet. It judges nothing.
 */

import { derChildren, type DerElement, DerFormatError, DerTag } from "./der.ts";
import { objectIdentifier, readDer } from "./der.ts";
import { isIpAddress } from "../wire/ip_address.ts";

/** Fields of one certificate. The octets are views of the certificate's. */
export interface CertificateFields {
  /** The content of the INTEGER. */
  readonly serialNumber: Uint8Array;
  /** The DNS names of subjectAltName, else the common name: lower case, no dot at the end. */
  readonly names: readonly string[];
  /** The SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
}

/** An AlgorithmIdentifier of a key, as far as it tells kinds of keys apart. */
export interface KeyAlgorithm {
  /** `rsa`, `rsa-pss`, `ec`, `ed25519`, `ed448`, `dsa`, or the object identifier of another. */
  readonly type: string;
  /** The object identifier of the curve, for `ec` with a named one. */
  readonly curve: string | undefined;
}

/** Reads a certificate in DER. Throws {@linkcode DerFormatError}. */
export function certificateFields(der: Uint8Array): CertificateFields {
  const [serial, , , , subject, publicKey, ...others] = signedFields(der);
  const alternative = others.flatMap((field) => field.tag === EXTENSIONS ? dnsNames(field) : []);
  const names = alternative.length > 0
    ? alternative
    : commonNames(expected(subject, DerTag.sequence)).slice(0, 1);
  return {
    serialNumber: expected(serial, DerTag.integer).content,
    names: [...new Set(names)],
    publicKey: expected(publicKey, DerTag.sequence).whole,
  };
}

/**
 * The first common name of a certificate's subject, whoever it names; undefined if it has none. Throws
 * {@linkcode DerFormatError}.
 */
export function commonName(der: Uint8Array): string | undefined {
  const [, , , , subject] = signedFields(der);
  const [, value] = commonNameAttributes(expected(subject, DerTag.sequence))[0] ?? [];
  if (value === undefined) return undefined;
  const encoding = TEXT_ENCODINGS.get(value.tag) ?? "utf-8";
  return new TextDecoder(encoding).decode(value.content);
}

/** Whom a certificate is for by subjectAltName alone: DNS names as they stand there, and addresses. Throws {@linkcode DerFormatError}. */
export function alternativeNames(der: Uint8Array): string[] {
  const [signed] = derChildren(readDer(der));
  return derChildren(expected(signed, DerTag.sequence))
    .flatMap((field) => field.tag === EXTENSIONS ? generalNames(field) : [])
    .map(({ tag, content }) =>
      tag === DNS_NAME ? DECODER.decode(content) : tag === IP_ADDRESS ? addressText(content) : ""
    )
    .filter((name) => name !== "");
}

/** The algorithm of a SubjectPublicKeyInfo. Throws {@linkcode DerFormatError}. */
export function publicKeyAlgorithm(publicKey: Uint8Array): KeyAlgorithm {
  const [algorithm] = derChildren(readDer(publicKey));
  return keyAlgorithm(expected(algorithm, DerTag.sequence));
}

/** The algorithm of an AlgorithmIdentifier. Throws {@linkcode DerFormatError}. */
export function keyAlgorithm(identifier: DerElement): KeyAlgorithm {
  const [oid, parameters] = derChildren(identifier);
  const name = objectIdentifier(expected(oid, DerTag.objectIdentifier).content);
  const curve = parameters?.tag === DerTag.objectIdentifier
    ? objectIdentifier(parameters.content)
    : undefined;
  return { type: KEY_TYPES.get(name) ?? name, curve };
}

/** What a certificate's issuer has signed, from the serial number on. */
function signedFields(der: Uint8Array): DerElement[] {
  const [signed] = derChildren(readDer(der));
  const fields = derChildren(expected(signed, DerTag.sequence));
  // The version is left out for version 1, which has no extensions either.
  return fields[0]?.tag === VERSION ? fields.slice(1) : fields;
}

const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
/** `dNSName` and `iPAddress` among the alternative names. */
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;
const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
const COMMON_NAME = "2.5.4.3";
/** TeletexString, which everybody takes for Latin 1, and BMPString; the others are UTF-8 or a part of it. */
const TEXT_ENCODINGS = new Map([[0x14, "latin1"], [0x1e, "utf-16be"]]);
const DECODER = new TextDecoder();
const KEY_TYPES = new Map([
  ["1.2.840.113549.1.1.1", "rsa"],
  ["1.2.840.113549.1.1.10", "rsa-pss"],
  ["1.2.840.10045.2.1", "ec"],
  ["1.2.840.10040.4.1", "dsa"],
  ["1.3.101.112", "ed25519"],
  ["1.3.101.113", "ed448"],
]);

function dnsNames(field: DerElement): string[] {
  return generalNames(field).filter(({ tag }) => tag === DNS_NAME)
    .map(({ content }) => plainName(content)).filter((name) => name !== "");
}

/** What subjectAltName holds. */
function generalNames(field: DerElement): DerElement[] {
  const [extensions] = derChildren(field);
  const named = derChildren(expected(extensions, DerTag.sequence)).map(derChildren)
    .find(([oid]) =>
      oid !== undefined && objectIdentifier(oid.content) === SUBJECT_ALTERNATIVE_NAME
    );
  // Between identifier and value there may be a flag: critical.
  const value = named?.at(-1);
  if (value === undefined) return [];
  return derChildren(readDer(expected(value, DerTag.octetString).content));
}

/** IPv4 with dots; IPv6 with all of its groups. */
function addressText(octets: Uint8Array): string {
  if (octets.length !== 16) return octets.join(".");
  const view = new DataView(octets.buffer, octets.byteOffset);
  return Array.from({ length: 8 }, (_, group) => view.getUint16(2 * group).toString(16)).join(":");
}

/** Those that can be the name of a host. */
function commonNames(subject: DerElement): string[] {
  return commonNameAttributes(subject)
    .map(([, value]) => value === undefined ? "" : plainName(value.content))
    .filter((name) => /^[\w*.-]+$/.test(name) && !isIpAddress(name));
}

/** Type and value of each. */
function commonNameAttributes(subject: DerElement): DerElement[][] {
  return derChildren(subject).flatMap(derChildren).map(derChildren)
    .filter(([oid]) => oid !== undefined && objectIdentifier(oid.content) === COMMON_NAME);
}

function plainName(octets: Uint8Array): string {
  return DECODER.decode(octets).toLowerCase().replace(/\.$/, "");
}

function expected(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag !== tag) throw new DerFormatError("a field is missing or of another type");
  return element;
}
