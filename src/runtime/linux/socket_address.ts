/**
 * The addresses of sockets as Linux writes them (struct sockaddr), compared with text without making any: this is
 * done for every connection.
 */

import { parseIpAddress, unmapIpv4 } from "../../wire/ip_address.ts";

/** One end of a TCP connection, as Deno tells it. */
export interface SocketEnd {
  readonly hostname: string;
  readonly port: number;
}

/** The address family of a struct sockaddr. */
export function familyOf(address: Uint8Array): number {
  return address[0]! | (address[1]! << 8);
}

/** Its port, where it is one of IP. */
export function portOf(address: Uint8Array): number {
  return (address[2]! << 8) | address[3]!;
}

/** Whether a struct sockaddr is this end's. IPv4 is the same mapped into IPv6. */
export function isEnd(address: Uint8Array, { hostname, port }: SocketEnd): boolean {
  if (portOf(address) !== port) return false;
  const family = familyOf(address);
  const text = unmapIpv4(hostname);
  if (!text.includes(":")) {
    if (family === AF_INET) return isIpv4(address, 4, text);
    return family === AF_INET6 && isMapped(address) && isIpv4(address, 20, text);
  }
  return family === AF_INET6 &&
    parseIpAddress(text).every((byte, index) => byte === address[8 + index]);
}

/** Compares four bytes with an address in text, without making anything: this is done for each connection. */
function isIpv4(address: Uint8Array, offset: number, text: string): boolean {
  let part = 0;
  for (let index = 0; index <= text.length; index++) {
    const character = index < text.length ? text.charCodeAt(index) : DOT;
    if (character !== DOT) part = part * 10 + character - ZERO;
    else if (part !== address[offset++]) return false;
    else part = 0;
  }
  return true;
}

/** Whether a struct sockaddr_in6 has an address of IPv4 in it (RFC 4291 section 2.5.5.2). */
function isMapped(address: Uint8Array): boolean {
  for (let index = 8; index < 18; index++) if (address[index] !== 0) return false;
  return address[18] === 0xff && address[19] === 0xff;
}

/** sizeof(struct sockaddr_un), the longest. */
export const SOCKADDR_BYTES = 110;
// Values of the Linux ABI on x86-64 and arm64 (the same on both).
/** The address family of unix sockets. */
export const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const DOT = 0x2e;
const ZERO = 0x30;
