/** IP networks in CIDR notation (RFC 4632, RFC 4291 section 2.3), compared with addresses. */

import { AddressFormatError, parseIpAddress } from "./ip_address.ts";

/** An IP network; a single address is one of its full length. */
export interface Network {
  /** Of an address in it: 4 or 16 in network order. */
  readonly bytes: Uint8Array;
  /** The length of its prefix, in bits. */
  readonly bits: number;
}

/** Parses `192.0.2.0/24`, `2001:db8::/32` or a single address. Throws {@linkcode AddressFormatError}. */
export function parseNetwork(text: string): Network {
  const [address = "", prefix, ...more] = text.split("/");
  const bytes = parseIpAddress(address);
  const longest = bytes.length * 8;
  if (prefix === undefined) return { bytes, bits: longest };
  // The prefix of an IPv4 address that is mapped into IPv6 counts the 96 bits before it.
  const mapped = address.includes(":") && bytes.length === 4 ? 96 : 0;
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) - mapped : -1;
  if (more.length > 0 || bits < 0 || bits > longest) {
    throw new AddressFormatError(`not an IP network: ${text}`);
  }
  return { bytes, bits };
}

/** Whether an address, as text, belongs to a network. Text that is not an IP address belongs to none. */
export function isInNetwork(address: string, { bytes: network, bits }: Network): boolean {
  let bytes: Uint8Array;
  try {
    bytes = parseIpAddress(address);
  } catch {
    return false;
  }
  if (bytes.length !== network.length) return false;
  const whole = bits >> 3;
  for (let index = 0; index < whole; index++) if (bytes[index] !== network[index]) return false;
  const rest = bits & 7;
  return rest === 0 || (bytes[whole]! ^ network[whole]!) >> (8 - rest) === 0;
}
