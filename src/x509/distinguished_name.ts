/**
 * Writes the name in an X.509 certificate as people write it: `CN=alice,O=Example` (RFC 4514). For reading
 * only; what is decided by names is decided elsewhere.
 */

import { derChildren, type DerElement, objectIdentifier, readDer } from "./der.ts";
import { parsePem, pemOctets } from "./pem.ts";

/** The subject of the first certificate in a PEM text; undefined if it cannot be read. */
export function certificateSubject(pem: string): string | undefined {
  try {
    const [block] = parsePem(pem);
    if (block === undefined) return undefined;
    const [signed] = derChildren(readDer(pemOctets(block)));
    const fields = derChildren(signed!);
    // The version is left out for version 1.
    return distinguishedName(fields[fields[0]?.tag === VERSION ? 5 : 4]!);
  } catch {
    return undefined;
  }
}

/** A name, the last part first (RFC 4514 section 2.1). Throws DerFormatError. */
export function distinguishedName(name: DerElement): string {
  return derChildren(name).reverse()
    .map((set) => derChildren(set).map(formatAttribute).join("+"))
    .join(",");
}

function formatAttribute(attribute: DerElement): string {
  const [type, value] = derChildren(attribute);
  const oid = objectIdentifier(type!.content);
  return `${NAMES.get(oid) ?? oid}=${escaped(text(value!))}`;
}

/** BMPString is the one type in use whose characters are not octets of UTF-8, ASCII or nearly so. */
function text({ tag, content }: DerElement): string {
  if (tag !== BMP_STRING) return new TextDecoder().decode(content);
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

const VERSION = 0xa0;
const BMP_STRING = 0x1e;
/** RFC 4514 section 3, and what else certificates of clients often have. */
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
