/**
 * What the backend receives before the first byte of plaintext: nothing, the client's address in stud's own format, or
 * a PROXY protocol line. Encoders only; nothing is sent from here.
 */

import { parseIpAddress } from "./ip_address.ts";

/** An IP address in text form without brackets, and a port. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/** AF_INET and AF_INET6 on Linux: the first byte that `--write-ip` sends. */
const AF_INET = 2;
const AF_INET6 = 10;

/**
 * Encodes `--write-ip`: one byte of address family in Linux's numbers (2 for IPv4, 10 for IPv6), then the 4 or 16 bytes
 * of the client's address in network order. (The original stud's help text says little-endian, but its code has always
 * written network order.)
 */
export function encodeIpPreface(client: SocketAddress): Uint8Array {
  const bytes = parseIpAddress(client.host);
  const preface = new Uint8Array(1 + bytes.length);
  preface[0] = bytes.length === 4 ? AF_INET : AF_INET6;
  preface.set(bytes, 1);
  return preface;
}

/**
 * Encodes a PROXY protocol version 1 line (haproxy.org, proxy-protocol.txt section 2.1):
 * `PROXY TCP4|TCP6 SRC DST SPORT DPORT\r\n`. `server` is the address that the client connected to.
 */
export function encodeProxyV1(client: SocketAddress, server: SocketAddress): Uint8Array {
  const family = parseIpAddress(client.host).length === 4 ? "TCP4" : "TCP6";
  const line = `PROXY ${family} ${client.host} ${server.host} ${client.port} ${server.port}\r\n`;
  return new TextEncoder().encode(line);
}
