/** Networks of IP addresses as text in CIDR notation (RFC 4632, RFC 4291 section 2.3). */

import { AddressFormatError, parseIpAddress } from "./ip_address.ts";

/** A network. */
export interface Network {
  /** Its first address: 4 or 16 bytes. */
  readonly bytes: Uint8Array;
  /** How many of its bits are the network's. */
  readonly bits: number;
}

/** Parses `192.0.2.0/24`, `2001:db8::/32`, or an address alone. Throws {@linkcode AddressFormatError}. */
export function parseCidr(text: string): Network {
  const [address = "", length, ...more] = text.split("/");
  const bytes = parseIpAddress(address);
  const most = 8 * bytes.length;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : NaN;
  if (more.length > 0 || !(bits <= most)) {
    throw new AddressFormatError(`not a network of IP addresses: ${text}`);
  }
  return { bytes, bits };
}

/** Whether the network has this address; false for text that is no IP address. */
export function isWithin({ bytes, bits }: Network, host: string): boolean {
  let address: Uint8Array;
  try {
    address = parseIpAddress(host);
  } catch {
    return false;
  }
  if (address.length !== bytes.length) return false;
  const whole = bits >> 3;
  for (let at = 0; at < whole; at++) if (address[at] !== bytes[at]) return false;
  const rest = bits & 7;
  return rest === 0 || (address[whole]! ^ bytes[whole]!) >> (8 - rest) === 0;
}
