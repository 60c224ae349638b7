/**
 * Lists of protocol names as operators write them, separated by spaces or commas: TLS versions and
 * application protocols. It knows the names; which TLS engine can do which list is settled elsewhere.
 */

import type { TlsProtocol } from "./settings.ts";
import { TLS_PROTOCOLS } from "./settings.ts";

/** The list, or what is wrong with it: words that follow the quoted text in a message. */
export type ListOrReason<Name> = readonly Name[] | string;

/**
 * Reads TLS versions. The result holds each once, the oldest first.
 *
 * @param refused the reasons for single names that are not taken
 */
export function parseTlsProtocols(
  text: string,
  refused: Readonly<Record<string, string>> = {},
): ListOrReason<TlsProtocol> {
  const names = split(text).map((name) => name === "TLSv1" ? "TLSv1.0" : name);
  for (const name of names) {
    const reason = Object.entries(refused).find(([word]) => same(word, name))?.[1];
    if (reason !== undefined) return `is not possible: ${reason}`;
    if (!TLS_PROTOCOLS.some((protocol) => protocol === name)) {
      return `is not a list of ${TLS_PROTOCOLS.join(", ")}`;
    }
  }
  if (names.length === 0) return "names no version";
  return TLS_PROTOCOLS.filter((protocol) => names.includes(protocol));
}

/** Reads application protocols (RFC 7301): 1 to 255 octets of visible ASCII each. Keeps the order. */
export function parseAlpnProtocols(text: string): ListOrReason<string> {
  const names = split(text);
  if (names.length === 0) return "names no protocol";
  if (!names.every((name) => /^[\x21-\x7e]{1,255}$/.test(name))) {
    return "is not a list of protocol names, which have 1 to 255 visible ASCII characters";
  }
  return [...new Set(names)];
}

function split(text: string): string[] {
  return text.split(/[\s,]+/).filter((name) => name !== "");
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
