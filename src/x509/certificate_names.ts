/**
 * The names in an X.509 certificate (RFC 5280 sections 4.1.2.6 and 4.2.1.6), exactly as they stand there, for those who
 * decide by them. A name that two readers could take differently is left out, so that it stands for nobody: one with
 * control characters, in an encoding of doubt, or no ASCII where ASCII belongs. It judges nothing.
 */

import { derChildren, type DerElement, DerFormatError, DerTag } from "./der.ts";
import { objectIdentifier, readDer } from "./der.ts";

/** Whom a certificate names. */
export interface CertificateNames {
  /**
   * The common name of the subject; undefined if there is none, or more than one: readers differ in which of
   * several counts.
   */
  readonly commonName: string | undefined;
  /** Of subjectAltName, as they stand. */
  readonly dns: readonly string[];
  readonly uris: readonly string[];
  readonly emails: readonly string[];
  /** 4 or 16 bytes each. */
  readonly addresses: readonly Uint8Array[];
}

/** Reads the names in a certificate (DER). Throws {@linkcode DerFormatError}. */
export function certificateNames(der: Uint8Array): CertificateNames {
  const [signed] = derChildren(readDer(der));
  const fields = derChildren(expected(signed, DerTag.sequence));
  // The version is left out for version 1.
  const subject = expected(fields[fields[0]?.tag === VERSION ? 5 : 4], DerTag.sequence);
  const names = fields.flatMap((field) => field.tag === EXTENSIONS ? generalNames(field) : []);
  const ascii = (tag: number) =>
    names.filter((name) => name.tag === tag).map(({ content }) => decoded(content, "ascii"))
      .filter((name) => name !== undefined);
  return {
    commonName: commonName(subject),
    dns: ascii(DNS_NAME),
    uris: ascii(URI),
    emails: ascii(EMAIL),
    addresses: names.filter(({ tag }) => tag === IP_ADDRESS).map(({ content }) => content),
  };
}

function commonName(subject: DerElement): string | undefined {
  const [only, ...others] = derChildren(subject).flatMap(derChildren).map(derChildren)
    .filter(([type]) => objectIdentifier(expected(type, OID).content) === COMMON_NAME);
  const value = only?.[1];
  if (value === undefined || others.length > 0) return undefined;
  const encoding = ENCODINGS.get(value.tag);
  return encoding && decoded(value.content, encoding);
}

function generalNames(field: DerElement): DerElement[] {
  const [extensions] = derChildren(field);
  const named = derChildren(expected(extensions, DerTag.sequence)).map(derChildren)
    .filter(([oid]) => objectIdentifier(expected(oid, OID).content) === SUBJECT_ALTERNATIVE_NAME);
  if (named.length > 1) throw new DerFormatError("more than one list of alternative names");
  // Between identifier and value there may be a flag: critical.
  const value = named[0]?.at(-1);
  if (value === undefined) return [];
  const list = readDer(expected(value, DerTag.octetString).content);
  return derChildren(expected(list, DerTag.sequence));
}

type Encoding = "ascii" | "utf-8" | "utf-16be";

/** Undefined if it is empty, not in that encoding, or has characters that nobody can see. */
function decoded(octets: Uint8Array, encoding: Encoding): string | undefined {
  try {
    const decoder = DECODERS[encoding === "ascii" ? "utf-8" : encoding];
    const text = decoder.decode(octets);
    if (text === "" || INVISIBLE.test(text)) return undefined;
    return encoding === "ascii" && !ASCII.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function expected(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag !== tag) throw new DerFormatError("a field is missing or of another type");
  return element;
}

const OID = DerTag.objectIdentifier;
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const COMMON_NAME = "2.5.4.3";
const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
// Tags of GeneralName.
const EMAIL = 0x81;
const DNS_NAME = 0x82;
const URI = 0x86;
const IP_ADDRESS = 0x87;
/**
 * UTF8String, PrintableString, IA5String, BMPString; and TeletexString, of which only the ASCII is beyond doubt.
 * UniversalString is one that nobody uses.
 */
const ENCODINGS = new Map<number, Encoding>([
  ...[[0x0c, "utf-8"], [0x13, "ascii"], [0x16, "ascii"]] as const,
  ...[[0x1e, "utf-16be"], [0x14, "ascii"]] as const,
]);
const FATAL = { fatal: true, ignoreBOM: true } as const;
const DECODERS = {
  "utf-8": new TextDecoder("utf-8", FATAL),
  "utf-16be": new TextDecoder("utf-16be", FATAL),
};
const ASCII = /^[\x20-\x7e]+$/;
/** Control and format characters, and what is no character. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}]/u;
