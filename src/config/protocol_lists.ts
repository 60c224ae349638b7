/**
 * Lists of protocol names as operators write them, separated by spaces or commas: TLS versions and application
 * protocols. It knows the names; which TLS engine supports them is checked elsewhere.
 */

import { suggestion } from "./nearest.ts";
import type { TlsProtocol } from "./settings.ts";
import { TLS_PROTOCOLS } from "./settings.ts";

/** The list, or an error: words that follow the quoted text in a message. */
export type ListOrReason<Name> = readonly Name[] | string;

/**
 * Parses TLS versions, in upper or lower case. The result contains each once, oldest first.
 *
 * @param refused the reasons why single names are refused
 */
export function parseTlsProtocols(
  text: string,
  refused: Readonly<Record<string, string>> = {},
): ListOrReason<TlsProtocol> {
  const names: TlsProtocol[] = [];
  for (const written of split(text)) {
    const reason = Object.entries(refused).find(([word]) => same(word, written))?.[1];
    if (reason !== undefined) return `is not possible: ${reason}`;
    const name = same(written, "TLSv1") ? "TLSv1.0" : written;
    const known = TLS_PROTOCOLS.find((protocol) => same(protocol, name));
    if (known === undefined) {
      return `is not a list of ${TLS_PROTOCOLS.join(", ")}${suggestion(versionIn(written))}`;
    }
    names.push(known);
  }
  if (names.length === 0) return "names no version";
  return TLS_PROTOCOLS.filter((protocol) => names.includes(protocol));
}

/** Parses application protocols (RFC 7301): 1 to 255 bytes of visible ASCII each. Keeps the order. */
export function parseAlpnProtocols(text: string): ListOrReason<string> {
  const names = split(text);
  if (names.length === 0) return "names no protocol";
  if (!names.every((name) => /^[\x21-\x7e]{1,255}$/.test(name))) {
    return "is not a list of protocol names, which have 1 to 255 visible ASCII characters";
  }
  return [...new Set(names)];
}

/** The version that other programs call `TLS1.2`, `tlsv12`, `TLSv1_2` or `1.2`. */
function versionIn(written: string): TlsProtocol | undefined {
  const minor = /^(?:tls)?[_-]?v?1[._]?([0-3])$/i.exec(written)?.[1];
  return TLS_PROTOCOLS.find((protocol) => protocol === `TLSv1.${minor}`);
}

function split(text: string): string[] {
  return text.split(/[\s,]+/).filter((name) => name !== "");
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
