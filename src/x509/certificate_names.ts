/**
 * The names in a certificate (RFC 5280 sections 4.1.2.6 and 4.2.1.6), for two purposes. Names for access decisions are
 * exact. A name that two programs could read differently is left out, so that it admits no client: one with control
 * characters, in an ambiguous encoding, or with non-ASCII characters where only ASCII is allowed. For lookups by host
 * name, and to show names, everything readable is returned.
 */

import type { Certificate } from "./certificate.ts";
import { type DerElement, derIdentifier, derSequence, readDer } from "./der.ts";
import { formatIpAddress, isIpAddress } from "../wire/ip_address.ts";

/** The names of a certificate. */
export interface CertificateNames {
  /**
   * The common name of the subject; undefined if there is none, or more than one: programs differ in which of several
   * they use.
   */
  readonly commonName: string | undefined;
  /** From subjectAltName, unchanged. */
  readonly dns: readonly string[];
  readonly uris: readonly string[];
  readonly emails: readonly string[];
  /** 4 or 16 bytes each. */
  readonly addresses: readonly Uint8Array[];
}

/** The names for access decisions. Throws {@linkcode DerFormatError}. */
export function certificateNames(certificate: Certificate): CertificateNames {
  const names = generalNames(certificate.onlyExtension(SUBJECT_ALTERNATIVE_NAME));
  const ascii = (wanted: number) =>
    names.filter(({ tag }) => tag === wanted).map(({ content }) => decoded(content, "ascii"))
      .filter((name) => name !== undefined);
  return {
    commonName: onlyCommonName(certificate.subject),
    dns: ascii(DNS_NAME),
    uris: ascii(URI),
    emails: ascii(EMAIL),
    addresses: names.filter(({ tag }) => tag === IP_ADDRESS).map(({ content }) => content),
  };
}

/**
 * The DNS names of a server's certificate: those of subjectAltName, or else the common name if it can be a host's.
 * Lower case, no final dot. Throws {@linkcode DerFormatError}.
 */
export function hostNames(certificate: Certificate): string[] {
  const alternatives = generalNames(certificate.extension(SUBJECT_ALTERNATIVE_NAME))
    .filter(({ tag }) => tag === DNS_NAME)
    .map(({ content }) => hostName(content)).filter((name) => name !== "");
  if (alternatives.length > 0) return [...new Set(alternatives)];
  return commonNames(certificate.subject)
    .map((value) => value === undefined ? "" : hostName(value.content))
    .filter((name) => /^[\w*.-]+$/.test(name) && !isIpAddress(name)).slice(0, 1);
}

/** The DNS names and IP addresses of subjectAltName, for display. Throws {@linkcode DerFormatError}. */
export function alternativeNames(certificate: Certificate): string[] {
  return generalNames(certificate.extension(SUBJECT_ALTERNATIVE_NAME))
    .map(({ tag, content }) =>
      tag === DNS_NAME ? DECODER.decode(content) : tag === IP_ADDRESS ? addressText(content) : ""
    )
    .filter((name) => name !== "");
}

/** The subject's first common name, for display; undefined if it has none. Throws {@linkcode DerFormatError}. */
export function firstCommonName(certificate: Certificate): string | undefined {
  const [value] = commonNames(certificate.subject);
  if (value === undefined) return undefined;
  return new TextDecoder(SHOWN_ENCODINGS.get(value.tag) ?? "utf-8").decode(value.content);
}

function onlyCommonName(subject: DerElement): string | undefined {
  const [only, ...others] = commonNames(subject);
  if (only === undefined || others.length > 0) return undefined;
  const encoding = ENCODINGS.get(only.tag);
  return encoding && decoded(only.content, encoding);
}

/** The values of all common names in a name. */
function commonNames(subject: DerElement): (DerElement | undefined)[] {
  return subject.children().flatMap((set) => set.children()).map((one) => one.children())
    .filter(([type]) => derIdentifier(type) === COMMON_NAME).map(([, value]) => value);
}

function generalNames(value: Uint8Array | undefined): DerElement[] {
  return value === undefined ? [] : derSequence(readDer(value));
}

function hostName(bytes: Uint8Array): string {
  return DECODER.decode(bytes).toLowerCase().replace(/\.$/, "");
}

function addressText(bytes: Uint8Array): string {
  return bytes.length === 4 || bytes.length === 16 ? formatIpAddress(bytes) : bytes.join(".");
}

type Encoding = "ascii" | "utf-8" | "utf-16be";

/** Undefined if it is empty, not in that encoding, or contains invisible characters. */
function decoded(bytes: Uint8Array, encoding: Encoding): string | undefined {
  try {
    const decoder = DECODERS[encoding === "ascii" ? "utf-8" : encoding];
    const text = decoder.decode(bytes);
    if (text === "" || INVISIBLE.test(text)) return undefined;
    return encoding === "ascii" && !ASCII.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

const COMMON_NAME = "2.5.4.3";
const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
// Tags of GeneralName.
const EMAIL = 0x81;
const DNS_NAME = 0x82;
const URI = 0x86;
const IP_ADDRESS = 0x87;
/**
 * UTF8String, PrintableString, IA5String, BMPString; and TeletexString, of which only the ASCII part is unambiguous.
 * UniversalString is not in use.
 */
const ENCODINGS = new Map<number, Encoding>([
  ...[[0x0c, "utf-8"], [0x13, "ascii"], [0x16, "ascii"]] as const,
  ...[[0x1e, "utf-16be"], [0x14, "ascii"]] as const,
]);
/** TeletexString, which programs commonly read as Latin 1, and BMPString; the others are UTF-8 or a subset of it. */
const SHOWN_ENCODINGS = new Map([[0x14, "latin1"], [0x1e, "utf-16be"]]);
const DECODER = new TextDecoder();
const FATAL = { fatal: true, ignoreBOM: true } as const;
const DECODERS = {
  "utf-8": new TextDecoder("utf-8", FATAL),
  "utf-16be": new TextDecoder("utf-16be", FATAL),
};
const ASCII = /^[\x20-\x7e]+$/;
/** Control and format characters, and code points that are not characters. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}]/u;
