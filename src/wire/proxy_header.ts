/**
 * Finds where a header of the PROXY protocol (haproxy.org, proxy-protocol.txt), version 1 or 2, ends, and which
 * client it is about. It checks what makes a header whole and passes no judgement on the rest: TLVs, families
 * that nobody knows yet and LOCAL connections are for the receiver that the header goes on to.
 */

import { formatIpAddress, isIpAddress, unmapIpv4 } from "./ip_address.ts";
import type { SocketAddress } from "./preface.ts";

/** What the octets so far amount to. A header or a refusal stays the same whatever follows. */
export type ProxyHeaderVerdict =
  /** More octets are needed. */
  | { readonly kind: "incomplete" }
  /** The first `length` octets are a header. `client` is undefined if it names none. */
  | {
    readonly kind: "header";
    readonly length: number;
    readonly client: SocketAddress | undefined;
  }
  /** `reason` is for an operator. */
  | { readonly kind: "refused"; readonly reason: string };

type Refused = Extract<ProxyHeaderVerdict, { kind: "refused" }>;

/**
 * Octets of the longest header that is taken, or written. The length field has room for 64 KiB, which any
 * client could make a worker hold until its deadline. 16 KiB is as much as HAProxy takes unless its buffers are
 * made larger; a chain of TLVs with a client's certificate has 2 to 4 KiB.
 */
export const LONGEST_PROXY_HEADER = 16 << 10;

/** What a header of version 2 begins with: nothing that any other protocol does. */
export const PROXY_V2_SIGNATURE: Readonly<Uint8Array> = Uint8Array.of(
  ...[0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a],
);

/**
 * Judges the octets of a connection from its first on, as many as there are. Refuses as soon as they cannot
 * become a header any more, and knows one with {@linkcode LONGEST_PROXY_HEADER} octets at the latest. Ignores
 * what follows it. Never throws.
 */
export function parseProxyHeader(octets: Uint8Array): ProxyHeaderVerdict {
  const [first] = octets;
  if (first === undefined) return INCOMPLETE;
  if (first === PROXY_V2_SIGNATURE[0]) return parseVersion2(octets);
  if (first === PROXY_V1_START[0]) return parseVersion1(octets);
  return first === TLS_HANDSHAKE ? TLS_AT_ONCE : NO_HEADER;
}

/** Section 2.1. */
function parseVersion1(octets: Uint8Array): ProxyHeaderVerdict {
  if (!beginsLike(octets, PROXY_V1_START)) return NO_HEADER;
  const length = Math.min(octets.length, LONGEST_LINE);
  for (let at = PROXY_V1_START.length; at < length; at++) {
    const afterCr = octets[at - 1] === CR;
    if (octets[at] === LF && afterCr) return parseLine(octets.subarray(0, at - 1));
    // Neither of them ends a line alone.
    if (octets[at] === LF || afterCr) return MALFORMED_LINE;
  }
  return length < LONGEST_LINE ? INCOMPLETE : LINE_TOO_LONG;
}

/** The line without CRLF. */
function parseLine(line: Uint8Array): ProxyHeaderVerdict {
  const length = line.length + 2;
  const [, family, ...rest] = String.fromCharCode(...line).split(" ");
  if (family === "UNKNOWN") return { kind: "header", length, client: undefined };
  const [source = "", destination = "", sourcePort = "", destinationPort = ""] = rest;
  const isSound = rest.length === 4 &&
    [source, destination].every((host) => isHostOf(family, host)) &&
    [sourcePort, destinationPort].every(isPort);
  if (!isSound) return MALFORMED_LINE;
  return { kind: "header", length, client: { host: unmapIpv4(source), port: Number(sourcePort) } };
}

function isHostOf(family: string | undefined, host: string): boolean {
  const isIpv6 = host.includes(":");
  return family === (isIpv6 ? "TCP6" : "TCP4") && !host.includes("%") && isIpAddress(host);
}

function isPort(text: string): boolean {
  return /^(0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= 0xffff;
}

/** Section 2.2. */
function parseVersion2(octets: Uint8Array): ProxyHeaderVerdict {
  if (!beginsLike(octets, PROXY_V2_SIGNATURE)) return NO_HEADER;
  const command = octets[PROXY_V2_SIGNATURE.length];
  if (command === undefined) return INCOMPLETE;
  if (command !== LOCAL && command !== PROXY) return UNKNOWN_COMMAND;
  if (octets.length < FIXED) return INCOMPLETE;
  const family = command === LOCAL ? UNSPECIFIED : octets[FIXED - 3]!;
  const length = FIXED + (octets[FIXED - 2]! << 8) + octets[FIXED - 1]!;
  if (length > LONGEST_PROXY_HEADER) return TOO_LONG;
  if (length < FIXED + shortestAddresses(family)) return ADDRESSES_CUT;
  if (octets.length < length) return INCOMPLETE;
  return { kind: "header", length, client: clientOf(family, octets) };
}

/** Octets of the addresses; 0 for families without, and for those nobody has defined. */
function shortestAddresses(family: number): number {
  const isTransport = (family & 0x0f) !== 0;
  return isTransport ? ADDRESSES[family >> 4] ?? 0 : 0;
}

function clientOf(family: number, octets: Uint8Array): SocketAddress | undefined {
  const size = shortestAddresses(family);
  if (size !== ADDRESSES[1] && size !== ADDRESSES[2]) return undefined;
  const host = (size - 4) / 2;
  const port = FIXED + 2 * host;
  return {
    host: formatIpAddress(octets.subarray(FIXED, FIXED + host)),
    port: (octets[port]! << 8) + octets[port + 1]!,
  };
}

/** As far as they have come. */
function beginsLike(octets: Uint8Array, start: Readonly<Uint8Array>): boolean {
  const length = Math.min(octets.length, start.length);
  for (let at = 0; at < length; at++) if (octets[at] !== start[at]) return false;
  return true;
}

function refused(reason: string): Refused {
  return Object.freeze({ kind: "refused", reason });
}

const INCOMPLETE: ProxyHeaderVerdict = Object.freeze({ kind: "incomplete" });
const NO_HEADER = refused("no PROXY header");
const TLS_AT_ONCE = refused("no PROXY header, but TLS at once");
const MALFORMED_LINE = refused("malformed PROXY header of version 1");
const LINE_TOO_LONG = refused("a PROXY header of version 1 with more than 107 bytes");
const UNKNOWN_COMMAND = refused("a PROXY header of an unknown version or command");
const ADDRESSES_CUT = refused("malformed PROXY header of version 2 (too short for its addresses)");
const TOO_LONG = refused("a PROXY header of more than 16 KiB");

const CR = 0x0d;
const LF = 0x0a;
/** What a TLS client would send (RFC 8446 section 5.1). */
const TLS_HANDSHAKE = 22;
const PROXY_V1_START = new TextEncoder().encode("PROXY ");
/** CRLF included. */
const LONGEST_LINE = 107;
/** Signature, version and command, family, length. */
const FIXED = 16;
const LOCAL = 0x20;
const PROXY = 0x21;
const UNSPECIFIED = 0;
/** By family: IPv4, IPv6, unix sockets. */
const ADDRESSES: Readonly<Record<number, number>> = { 1: 12, 2: 36, 3: 216 };
