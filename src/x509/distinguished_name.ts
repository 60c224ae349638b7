/**
 * Writes the name in an X.509 certificate in readable form: `CN=alice,O=Example` (RFC 4514). For display only; other
 * code makes decisions by names.
 */

import { type DerElement, derIdentifier } from "./der.ts";
import { Certificate } from "./certificate.ts";

/** The subject of the first certificate in a PEM text; undefined if it cannot be read. */
export function certificateSubject(pem: string): string | undefined {
  try {
    return distinguishedName(Certificate.parsePem(pem).subject);
  } catch {
    return undefined;
  }
}

/** A name, the last part first (RFC 4514 section 2.1). Throws DerFormatError. */
export function distinguishedName(name: DerElement): string {
  return name.children().reverse()
    .map((set) => set.children().map(formatAttribute).join("+"))
    .join(",");
}

function formatAttribute(attribute: DerElement): string {
  const [type, value] = attribute.children();
  const oid = derIdentifier(type);
  return `${NAMES.get(oid) ?? oid}=${escaped(text(value!))}`;
}

/** BMPString is the only type in use whose bytes are not UTF-8, ASCII or nearly so. */
function text({ tag, content }: DerElement): string {
  if (tag !== BMP_STRING) return DECODER.decode(content);
  const codes: number[] = [];
  for (let at = 0; at + 1 < content.length; at += 2) {
    codes.push((content[at]! << 8) | content[at + 1]!);
  }
  return String.fromCharCode(...codes);
}

/** RFC 4514 section 2.4. */
function escaped(value: string): string {
  return value.replace(/[\\",+;<>]|^[ #]| $/g, "\\$&").replaceAll("\0", "\\00");
}

const DECODER = new TextDecoder();
const BMP_STRING = 0x1e;
/** RFC 4514 section 3, and other attributes that clients' certificates often have. */
const NAMES = new Map([
  ["2.5.4.3", "CN"],
  ["2.5.4.5", "serialNumber"],
  ["2.5.4.6", "C"],
  ["2.5.4.7", "L"],
  ["2.5.4.8", "ST"],
  ["2.5.4.9", "STREET"],
  ["2.5.4.10", "O"],
  ["2.5.4.11", "OU"],
  ["0.9.2342.19200300.100.1.1", "UID"],
  ["0.9.2342.19200300.100.1.25", "DC"],
  ["1.2.840.113549.1.9.1", "emailAddress"],
]);
