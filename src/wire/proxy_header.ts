/**
 * Finds the end of a PROXY protocol header (haproxy.org, proxy-protocol.txt), version 1 or 2, and the client in it. It
 * checks only that the header is complete and well-formed. TLVs, unknown families and LOCAL connections are for the
 * receiver of the header to interpret.
 */

import { formatIpAddress, isIpAddress, unmapIpv4 } from "./ip_address.ts";
import type { SocketAddress } from "./preface.ts";

/** The result for the bytes so far. A header or a refusal stays the same whatever follows. */
export type ProxyHeaderVerdict =
  /** More bytes are needed. */
  | { readonly kind: "incomplete" }
  /** The first `length` bytes are a header. `client` is undefined if it names none. */
  | {
    readonly kind: "header";
    readonly length: number;
    readonly client: SocketAddress | undefined;
  }
  /** `reason` is for the operator. */
  | {
    readonly kind: "refused";
    readonly reason: string;
    /** There is no header at all. */
    readonly isMissing: boolean;
  };

type Refused = Extract<ProxyHeaderVerdict, { kind: "refused" }>;

/**
 * Max bytes of a header that is accepted or written. The length field allows 64 KiB, which any client could make a
 * worker hold until its deadline. HAProxy accepts 16 KiB unless its buffers are enlarged; a chain of TLVs with a
 * client's certificate takes 2 to 4 KiB.
 */
export const LONGEST_PROXY_HEADER = 16 << 10;

/** The first bytes of a version 2 header. No other protocol starts with them. */
export const PROXY_V2_SIGNATURE: Readonly<Uint8Array> = Uint8Array.of(
  ...[0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a],
);

/**
 * Parses the bytes of a connection from the first one, as many as there are. Refuses as soon as they cannot become a
 * header, and decides after max {@linkcode LONGEST_PROXY_HEADER} bytes. Ignores what follows the header. Never throws.
 */
export function parseProxyHeader(bytes: Uint8Array): ProxyHeaderVerdict {
  const [first] = bytes;
  if (first === undefined) return INCOMPLETE;
  if (first === PROXY_V2_SIGNATURE[0]) return parseVersion2(bytes);
  if (first === PROXY_V1_START[0]) return parseVersion1(bytes);
  return first === TLS_HANDSHAKE ? TLS_AT_ONCE : NO_HEADER;
}

/** Section 2.1. */
function parseVersion1(bytes: Uint8Array): ProxyHeaderVerdict {
  if (!beginsLike(bytes, PROXY_V1_START)) return NO_HEADER;
  const length = Math.min(bytes.length, LONGEST_LINE);
  for (let at = PROXY_V1_START.length; at < length; at++) {
    const afterCr = bytes[at - 1] === CR;
    if (bytes[at] === LF && afterCr) return parseLine(bytes.subarray(0, at - 1));
    // CR or LF alone does not end a line.
    if (bytes[at] === LF || afterCr) return MALFORMED_LINE;
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
function parseVersion2(bytes: Uint8Array): ProxyHeaderVerdict {
  if (!beginsLike(bytes, PROXY_V2_SIGNATURE)) return NO_HEADER;
  const command = bytes[PROXY_V2_SIGNATURE.length];
  if (command === undefined) return INCOMPLETE;
  if (command !== LOCAL && command !== PROXY) return UNKNOWN_COMMAND;
  if (bytes.length < FIXED) return INCOMPLETE;
  const family = command === LOCAL ? UNSPECIFIED : bytes[FIXED - 3]!;
  const length = FIXED + (bytes[FIXED - 2]! << 8) + bytes[FIXED - 1]!;
  if (length > LONGEST_PROXY_HEADER) return TOO_LONG;
  if (length < FIXED + shortestAddresses(family)) return ADDRESSES_CUT;
  if (bytes.length < length) return INCOMPLETE;
  return { kind: "header", length, client: clientOf(family, bytes) };
}

/** Bytes of the addresses; 0 for families without addresses and for undefined ones. */
function shortestAddresses(family: number): number {
  const isTransport = (family & 0x0f) !== 0;
  return isTransport ? ADDRESSES[family >> 4] ?? 0 : 0;
}

function clientOf(family: number, bytes: Uint8Array): SocketAddress | undefined {
  const size = shortestAddresses(family);
  if (size !== ADDRESSES[1] && size !== ADDRESSES[2]) return undefined;
  const host = (size - 4) / 2;
  const port = FIXED + 2 * host;
  return {
    host: formatIpAddress(bytes.subarray(FIXED, FIXED + host)),
    port: (bytes[port]! << 8) + bytes[port + 1]!,
  };
}

/** Whether the bytes that have arrived match the start. */
function beginsLike(bytes: Uint8Array, start: Readonly<Uint8Array>): boolean {
  const length = Math.min(bytes.length, start.length);
  for (let at = 0; at < length; at++) if (bytes[at] !== start[at]) return false;
  return true;
}

function refused(reason: string, isMissing = false): Refused {
  return Object.freeze({ kind: "refused", reason, isMissing });
}

const INCOMPLETE: ProxyHeaderVerdict = Object.freeze({ kind: "incomplete" });
const NO_HEADER = refused("no PROXY header", true);
const TLS_AT_ONCE = refused("no PROXY header, but TLS at once", true);
const MALFORMED_LINE = refused("malformed PROXY header of version 1");
const LINE_TOO_LONG = refused("a PROXY header of version 1 with more than 107 bytes");
const UNKNOWN_COMMAND = refused("a PROXY header of an unknown version or command");
const ADDRESSES_CUT = refused("malformed PROXY header of version 2 (too short for its addresses)");
const TOO_LONG = refused("a PROXY header of more than 16 KiB");

const CR = 0x0d;
const LF = 0x0a;
/** The first byte of a TLS client (RFC 8446 section 5.1). */
const TLS_HANDSHAKE = 22;
const PROXY_V1_START = new TextEncoder().encode("PROXY ");
/** Including CRLF. */
const LONGEST_LINE = 107;
/** Signature, version and command, family, length. */
const FIXED = 16;
const LOCAL = 0x20;
const PROXY = 0x21;
const UNSPECIFIED = 0;
/** By family: IPv4, IPv6, unix sockets. */
const ADDRESSES: Readonly<Record<number, number>> = { 1: 12, 2: 36, 3: 216 };
