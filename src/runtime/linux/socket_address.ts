/**
 * Socket addresses in Linux's layout: struct sockaddr_in and sockaddr_in6 (ip(7), ipv6(7)) and sockaddr_un (unix(7)).
 * No other code knows the layout.
 */

import { AF_INET, AF_INET6, AF_UNIX } from "./abi.ts";
import {
  formatIpAddress,
  parseIpAddress,
  unmapIpv4,
  unmapIpv4Octets,
} from "../../wire/ip_address.ts";
import type { SocketAddress } from "../../wire/preface.ts";

/** getsockname(2) of the C library. */
export interface SocketNames {
  getsockname(
    descriptor: number,
    address: Uint8Array<ArrayBuffer>,
    length: Uint32Array<ArrayBuffer>,
  ): number;
}

/** One end of a TCP connection, as Deno reports it. */
export interface SocketEnd {
  readonly hostname: string;
  readonly port: number;
}

/**
 * An address and a port in the smallest form, because every connection keeps one: one number for IPv4, which has 48
 * bits, and for IPv6 its 16 bytes followed by the port.
 */
export type PackedAddress = number | Uint8Array;

/** A buffer for the kernel to write an address, and its length before and after: struct sockaddr_storage, socklen_t. */
export class AddressSpace {
  readonly bytes = new Uint8Array(SOCKADDR_BYTES);
  readonly length = new Uint32Array(1);

  /** Prepares for a call that writes an address. */
  ready(): this {
    this.length[0] = SOCKADDR_BYTES;
    return this;
  }
}

/** Reads what the kernel wrote; undefined if it is not an IP address. */
export function packAddress({ bytes }: AddressSpace): PackedAddress | undefined {
  return packedAddress(bytes);
}

/** The same for a struct sockaddr_in or sockaddr_in6 of any length. */
export function packedAddress(bytes: Uint8Array): PackedAddress | undefined {
  const family = familyOf(bytes);
  if (family === AF_INET) return packIpv4(bytes, 4, portOf(bytes));
  if (family !== AF_INET6) return undefined;
  const octets = bytes.subarray(8, 24);
  if (unmapIpv4Octets(octets) !== octets) return packIpv4(bytes, 20, portOf(bytes));
  const packed = new Uint8Array(18);
  packed.set(octets);
  packed.set(bytes.subarray(2, 4), 16);
  return packed;
}

/** The address as text; an IPv4 address mapped into IPv6 is shown as IPv4. */
export function unpackAddress(packed: PackedAddress): SocketAddress {
  if (typeof packed !== "number") {
    const host = formatIpAddress(packed.subarray(0, 16));
    return { host, port: (packed[16]! << 8) | packed[17]! };
  }
  const host = Math.floor(packed / 0x1_0000);
  const octets = [host >>> 24, (host >>> 16) & 0xff, (host >>> 8) & 0xff, host & 0xff];
  return { host: octets.join("."), port: packed % 0x1_0000 };
}

/** The address that a socket is bound to; undefined for a unix socket or a closed one. */
export function localAddress(libc: SocketNames, descriptor: number): SocketAddress | undefined {
  const packed = packedLocalAddress(libc, descriptor);
  return packed === undefined ? undefined : unpackAddress(packed);
}

/** The same, in the smallest form. */
export function packedLocalAddress(
  libc: SocketNames,
  descriptor: number,
): PackedAddress | undefined {
  const { bytes, length } = SPACE.ready();
  return libc.getsockname(descriptor, bytes, length) === 0 ? packAddress(SPACE) : undefined;
}

/** struct sockaddr_in or sockaddr_in6. Throws `AddressFormatError`. */
export function encodeAddress({ host, port }: SocketAddress): Uint8Array<ArrayBuffer> {
  const isIpv6 = host.includes(":");
  const bytes = new Uint8Array(isIpv6 ? 28 : 16);
  bytes[0] = isIpv6 ? AF_INET6 : AF_INET;
  bytes[2] = port >> 8;
  bytes[3] = port & 0xff;
  const octets = parseIpAddress(host);
  if (isIpv6 && octets.length === 4) {
    // It was given in mapped form, so the socket is one for IPv6.
    bytes.set([0xff, 0xff], 18);
    bytes.set(octets, 20);
  } else {
    bytes.set(octets, isIpv6 ? 8 : 4);
  }
  return bytes;
}

/** struct sockaddr_un; undefined if the path is too long for one. */
export function encodePath(path: string): Uint8Array<ArrayBuffer> | undefined {
  const text = new TextEncoder().encode(path);
  if (text.length >= SUN_PATH_BYTES) return undefined;
  const bytes = new Uint8Array(2 + text.length + 1);
  bytes[0] = AF_UNIX;
  bytes.set(text, 2);
  return bytes;
}

/** The same for an abstract name, which has no file (unix(7)): it begins with a NUL. */
export function encodeAbstractName(name: string): Uint8Array<ArrayBuffer> | undefined {
  const text = new TextEncoder().encode(name);
  if (text.length >= SUN_PATH_BYTES) return undefined;
  const bytes = new Uint8Array(3 + text.length);
  bytes[0] = AF_UNIX;
  bytes.set(text, 3);
  return bytes;
}

/** The address family of a struct sockaddr. */
export function familyOf(address: Uint8Array): number {
  return address[0]! | (address[1]! << 8);
}

/** Its port, if it is an IP address. */
export function portOf(address: Uint8Array): number {
  return (address[2]! << 8) | address[3]!;
}

/** The 4 or 16 bytes of its IP address, as a view; 4 for IPv4 mapped into IPv6; undefined if it is not IP. */
export function ipOf(address: Uint8Array): Uint8Array | undefined {
  const family = familyOf(address);
  if (family === AF_INET) return address.subarray(4, 8);
  return family === AF_INET6 ? unmapIpv4Octets(address.subarray(8, 24)) : undefined;
}

/**
 * Whether a struct sockaddr is this end's address. IPv4 equals the same address mapped into IPv6. It compares text
 * without creating any, because it runs for every connection.
 */
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

/** Whether a struct sockaddr_in6 contains an IPv4 address (RFC 4291 section 2.5.5.2). */
function isMapped(address: Uint8Array): boolean {
  for (let index = 8; index < 18; index++) if (address[index] !== 0) return false;
  return address[18] === 0xff && address[19] === 0xff;
}

function packIpv4(bytes: Uint8Array, at: number, port: number): number {
  const host = bytes[at]! * 0x100_0000 +
    ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
  return host * 0x1_0000 + port;
}

// Values of the Linux ABI on x86-64 and arm64 (the same on both).
/** sizeof(struct sockaddr_storage): large enough for every address. */
export const SOCKADDR_BYTES = 128;
const SUN_PATH_BYTES = 108;
const DOT = 0x2e;
const ZERO = 0x30;
const SPACE = new AddressSpace();
