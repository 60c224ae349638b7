/**
 * Encodes the header of the PROXY protocol's version 2 (haproxy.org, proxy-protocol.txt section 2.2): the addresses of
 * client and server, and the result of their TLS handshake. The header is always complete and short enough for
 * receivers: parts that do not fit are left out and reported. Nothing is sent from here.
 */

import { joinBytes } from "./bytes.ts";
import { parseIpAddress } from "./ip_address.ts";
import type { SocketAddress } from "./preface.ts";
import { LONGEST_PROXY_HEADER, PROXY_V2_SIGNATURE } from "./proxy_header.ts";

/** The facts for a header. Undefined facts are left out. */
export interface ProxyV2Facts {
  readonly client: SocketAddress;
  /** The address that the client connected to. */
  readonly server: SocketAddress;
  /** The negotiated protocol (RFC 7301). */
  readonly alpn?: string | undefined;
  /** The name that the client asked for (SNI). */
  readonly authority?: string | undefined;
  /** The client's certificate, PEM text. */
  readonly clientCertificate?: string | undefined;
  readonly tls?: ProxyV2Tls | undefined;
}

/** The fields of PP2_TYPE_SSL (section 2.2.6). */
export interface ProxyV2Tls {
  /** For example `TLSv1.3`. */
  readonly version: string;
  /** OpenSSL's name. */
  readonly cipher: string;
  /** Where the client sent a certificate: never, in this connection, or in the session that it resumes. */
  readonly certificateIn: "none" | "connection" | "session";
  /** OpenSSL's X509_V_ code of that certificate, 0 if it is valid; meaningless without a certificate. */
  readonly verifyResult: number;
  /** The common name in that certificate. */
  readonly commonName?: string | undefined;
  /** The digest in the signature of the server's certificate, for example `SHA256`. */
  readonly signatureAlgorithm?: string | undefined;
  /** The key of that certificate, for example `RSA2048`. */
  readonly keyAlgorithm?: string | undefined;
}

/** Parts that can be left out, the least important first, in words for the operator. */
export type OmittedPart = "client certificate" | "common name" | "TLS" | "server name" | "ALPN";

/** A header, and the parts that were left out of it. */
export interface ProxyV2Header {
  readonly bytes: Uint8Array;
  readonly omitted: readonly OmittedPart[];
}

/**
 * Encodes a PROXY command for TCP. If one address is IPv4 and the other IPv6, both are sent as IPv6, the IPv4 one
 * mapped (RFC 4291 section 2.5.5.2). The header is never longer than {@linkcode LONGEST_PROXY_HEADER} bytes.
 */
export function encodeProxyV2(facts: ProxyV2Facts): ProxyV2Header {
  const omitted: OmittedPart[] = [];
  let left = facts;
  for (const [part, leaveOut] of DISPENSABLE) {
    const bytes = encode(left);
    if (bytes.length <= LONGEST_PROXY_HEADER) return { bytes, omitted };
    const less = leaveOut(left);
    if (encode(less).length < bytes.length) omitted.push(part);
    left = less;
  }
  return { bytes: encode(left), omitted };
}

function encode(facts: ProxyV2Facts): Uint8Array {
  const { family, addresses } = encodeAddresses(facts);
  const body = joinBytes(
    addresses,
    tlv(TLV_ALPN, facts.alpn),
    tlv(TLV_AUTHORITY, facts.authority),
    tlv(TLV_CLIENT_CERTIFICATE, facts.clientCertificate),
    facts.tls === undefined ? NOTHING : tlv(TLV_SSL, encodeTls(facts.tls)),
  );
  const fixed = Uint8Array.of(VERSION_2_PROXY, family, body.length >> 8, body.length);
  return joinBytes(PROXY_V2_SIGNATURE, fixed, body);
}

function encodeAddresses({ client, server }: Pick<ProxyV2Facts, "client" | "server">) {
  const hosts = [client, server].map(({ host }) => parseIpAddress(host));
  const isIpv4 = hosts.every((host) => host.length === 4);
  const ports = [client, server].flatMap(({ port }) => [port >> 8, port]);
  return {
    family: isIpv4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6,
    addresses: joinBytes(...isIpv4 ? hosts : hosts.map(mapped), Uint8Array.from(ports)),
  };
}

function mapped(host: Uint8Array): Uint8Array {
  return host.length === 4 ? joinBytes(MAPPED_PREFIX, host) : host;
}

function encodeTls(tls: ProxyV2Tls): Uint8Array {
  const { certificateIn } = tls;
  const fixed = new DataView(new ArrayBuffer(5));
  fixed.setUint8(0, CLIENT_FLAGS[certificateIn]);
  fixed.setUint32(1, certificateIn === "none" ? NOTHING_VERIFIED : tls.verifyResult);
  return joinBytes(
    new Uint8Array(fixed.buffer),
    tlv(TLV_SSL_VERSION, tls.version),
    tlv(TLV_SSL_CIPHER, tls.cipher),
    tlv(TLV_SSL_COMMON_NAME, tls.commonName),
    tlv(TLV_SSL_SIGNATURE_ALGORITHM, tls.signatureAlgorithm),
    tlv(TLV_SSL_KEY_ALGORITHM, tls.keyAlgorithm),
  );
}

/** Type, length, value; empty for an undefined value. */
function tlv(type: number, value: string | Uint8Array | undefined): Uint8Array {
  if (value === undefined) return NOTHING;
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  return joinBytes(Uint8Array.of(type, bytes.length >> 8, bytes.length), bytes);
}

const NOTHING = new Uint8Array();
const MAPPED_PREFIX = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

/** How to leave out each part. */
const DISPENSABLE: readonly (readonly [OmittedPart, (facts: ProxyV2Facts) => ProxyV2Facts])[] = [
  ["client certificate", (facts) => ({ ...facts, clientCertificate: undefined })],
  [
    "common name",
    ({ tls, ...facts }) => ({ ...facts, tls: tls && { ...tls, commonName: undefined } }),
  ],
  ["TLS", (facts) => ({ ...facts, tls: undefined })],
  ["server name", (facts) => ({ ...facts, authority: undefined })],
  ["ALPN", (facts) => ({ ...facts, alpn: undefined })],
];

// proxy-protocol.txt section 2.2.
const VERSION_2_PROXY = 0x21;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;
const TLV_ALPN = 0x01;
const TLV_AUTHORITY = 0x02;
/** From the range for applications (section 2.2.8); hitch defined this meaning. */
const TLV_CLIENT_CERTIFICATE = 0xe0;
const TLV_SSL = 0x20;
const TLV_SSL_VERSION = 0x21;
const TLV_SSL_COMMON_NAME = 0x22;
const TLV_SSL_CIPHER = 0x23;
const TLV_SSL_SIGNATURE_ALGORITHM = 0x24;
const TLV_SSL_KEY_ALGORITHM = 0x25;
/** PP2_CLIENT_SSL, PP2_CLIENT_CERT_CONN (2) and PP2_CLIENT_CERT_SESS (4). */
const CLIENT_FLAGS = { none: 1, connection: 1 | 2 | 4, session: 1 | 4 } as const;
/** Section 2.2.6: any value but zero, because no certificate was verified. */
const NOTHING_VERIFIED = 1;
