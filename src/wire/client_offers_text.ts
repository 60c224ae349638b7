/**
 * Describes what a client offers in one short line: for a log entry about a handshake that failed, or that is traced.
 * It knows the names of the usual versions, groups and cipher suites (IANA's registries, OpenSSL's spelling); others
 * are hexadecimal. Nothing that serves a client depends on it.
 */

import { parseClientHello } from "./client_hello.ts";
import { type ClientOffers, clientOffers } from "./client_offers.ts";
import { ja4 } from "./ja4.ts";

/** A hello that has been looked at. */
export interface DescribedHello {
  readonly offers: ClientOffers;
  readonly alpnProtocols: readonly string[];
  /** Undefined if it cannot be computed. */
  readonly ja4: string | undefined;
}

/** Parses a ClientHello at the start of these bytes, record headers included; undefined if they are none. */
export function describedHello(bytes: Uint8Array): DescribedHello | undefined {
  const verdict = parseClientHello(bytes);
  if (verdict.kind !== "hello") return undefined;
  const { alpnProtocols, body } = verdict.hello;
  return { offers: clientOffers(body), alpnProtocols, ja4: ja4(bytes) };
}

/** Versions, groups, ciphers, ALPN and JA4, in the client's order and without GREASE (RFC 8701). */
export function offersText({ offers, alpnProtocols, ja4 }: DescribedHello): string {
  const ciphers = withoutGrease(offers.ciphers).filter((cipher) => !SIGNALS.includes(cipher));
  const count = ciphers.length === 1 ? "cipher" : `${ciphers.length} ciphers`;
  const groups = withoutGrease(offers.groups ?? []);
  return [
    `offers ${few(versionNames(offers)) || "no TLS version"}`,
    groups.length === 0 ? "no groups" : `groups ${few(groups.map(groupName))}`,
    `${count} ${few(ciphers.map(cipherName), 3)}`,
    ...alpnProtocols.length === 0 ? [] : [`ALPN ${few(alpnProtocols)}`],
    ...ja4 === undefined ? [] : [`JA4 ${ja4}`],
  ].join(", ");
}

/** The names of the versions that a client offers, the newest first. */
export function versionNames({ versions }: Pick<ClientOffers, "versions">): string[] {
  return withoutGrease(versions).toSorted((one, other) => other - one)
    .map((version) => VERSIONS.get(version) ?? hex(version));
}

function few(names: readonly string[], max = 6): string {
  const more = names.length - max;
  return more > 0 ? `${names.slice(0, max).join(" ")} and ${more} more` : names.join(" ");
}

function groupName(group: number): string {
  return GROUPS.get(group) ?? hex(group);
}

function cipherName(cipher: number): string {
  return CIPHERS.get(cipher) ?? hex(cipher);
}

function withoutGrease(numbers: readonly number[]): number[] {
  return numbers.filter((number) =>
    (number & 0x0f0f) !== 0x0a0a || number >> 8 !== (number & 0xff)
  );
}

function hex(number: number): string {
  return `0x${number.toString(16).padStart(4, "0")}`;
}

/** Values of the cipher list that are no ciphers: renegotiation_info (RFC 5746) and fallback (RFC 7507). */
const SIGNALS: readonly number[] = [0x00ff, 0x5600];

const VERSIONS = new Map([
  [0x0304, "TLSv1.3"],
  [0x0303, "TLSv1.2"],
  [0x0302, "TLSv1.1"],
  [0x0301, "TLSv1.0"],
  [0x0300, "SSLv3"],
]);

const GROUPS = new Map<number, string>([
  ...[[0x0017, "P-256"], [0x0018, "P-384"], [0x0019, "P-521"], [0x001d, "X25519"]] as const,
  ...[[0x001e, "X448"], [0x0016, "secp256k1"], [0x001a, "brainpoolP256r1"]] as const,
  ...[[0x001b, "brainpoolP384r1"], [0x001c, "brainpoolP512r1"], [0x0100, "ffdhe2048"]] as const,
  ...[[0x0101, "ffdhe3072"], [0x0102, "ffdhe4096"], [0x11eb, "SecP256r1MLKEM768"]] as const,
  ...[[0x11ec, "X25519MLKEM768"], [0x11ed, "SecP384r1MLKEM1024"]] as const,
]);

const CIPHERS = new Map<number, string>([
  ...[[0x1301, "TLS_AES_128_GCM_SHA256"], [0x1302, "TLS_AES_256_GCM_SHA384"]] as const,
  ...[[0x1303, "TLS_CHACHA20_POLY1305_SHA256"], [0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256"]] as const,
  ...[[0xc02c, "ECDHE-ECDSA-AES256-GCM-SHA384"], [
    0xcca9,
    "ECDHE-ECDSA-CHACHA20-POLY1305",
  ]] as const,
  ...[[0xc02f, "ECDHE-RSA-AES128-GCM-SHA256"], [0xc030, "ECDHE-RSA-AES256-GCM-SHA384"]] as const,
  ...[[0xcca8, "ECDHE-RSA-CHACHA20-POLY1305"], [0x009e, "DHE-RSA-AES128-GCM-SHA256"]] as const,
  ...[[0x009f, "DHE-RSA-AES256-GCM-SHA384"], [0xccaa, "DHE-RSA-CHACHA20-POLY1305"]] as const,
  ...[[0xc009, "ECDHE-ECDSA-AES128-SHA"], [0xc00a, "ECDHE-ECDSA-AES256-SHA"]] as const,
  ...[[0xc013, "ECDHE-RSA-AES128-SHA"], [0xc014, "ECDHE-RSA-AES256-SHA"]] as const,
  ...[[0xc023, "ECDHE-ECDSA-AES128-SHA256"], [0xc024, "ECDHE-ECDSA-AES256-SHA384"]] as const,
  ...[[0xc027, "ECDHE-RSA-AES128-SHA256"], [0xc028, "ECDHE-RSA-AES256-SHA384"]] as const,
  ...[[0x002f, "AES128-SHA"], [0x0035, "AES256-SHA"], [0x003c, "AES128-SHA256"]] as const,
  ...[[0x003d, "AES256-SHA256"], [0x009c, "AES128-GCM-SHA256"], [
    0x009d,
    "AES256-GCM-SHA384",
  ]] as const,
  ...[[0x0033, "DHE-RSA-AES128-SHA"], [0x0039, "DHE-RSA-AES256-SHA"], [
    0x000a,
    "DES-CBC3-SHA",
  ]] as const,
  ...[[0x0004, "RC4-MD5"], [0x0005, "RC4-SHA"]] as const,
]);
