/**
 * Parses what determines which certificates a client can verify: the versions, cipher suites, groups and signature
 * schemes of its ClientHello. Only names with certificates of different kinds need it, so it is parsed on demand. It
 * validates nothing and skips malformed parts, which the TLS library refuses.
 */

import type { HelloBody } from "./client_hello.ts";

/** The lists of a ClientHello, in the client's order, with IANA's numbers. */
export interface ClientOffers {
  /** `0x0304` is TLS 1.3. Without supported_versions (RFC 8446 section 4.2.1): up to legacy_version. */
  readonly versions: readonly number[];
  readonly ciphers: readonly number[];
  /** supported_groups (RFC 8422 section 5.1.1, RFC 8446 section 4.2.7); undefined if it sent none. */
  readonly groups: readonly number[] | undefined;
  /** signature_algorithms (RFC 8446 section 4.2.3); undefined if it sent none. */
  readonly signatures: readonly number[] | undefined;
}

/** Parses them, in time proportional to the length of the hello. Never throws. */
export function clientOffers({ bytes, start, end }: HelloBody): ClientOffers {
  const sessionId = start + 2 + 32;
  const ciphers = sessionId + 1 + bytes[sessionId]!;
  const compressions = ciphers + 2 + word(bytes, ciphers);
  let versions: readonly number[] | undefined;
  let groups: readonly number[] | undefined;
  let signatures: readonly number[] | undefined;
  // The length of all extensions, if any, follows the compression methods.
  for (let at = compressions + 1 + bytes[compressions]! + 2; at + 4 <= end;) {
    const type = word(bytes, at);
    const data = at + 4;
    at = data + word(bytes, at + 2);
    if (type === SUPPORTED_VERSIONS) versions = words(bytes, data + 1, at);
    else if (type === SUPPORTED_GROUPS) groups = words(bytes, data + 2, at);
    else if (type === SIGNATURE_ALGORITHMS) signatures = words(bytes, data + 2, at);
  }
  const legacy = word(bytes, start);
  return {
    versions: versions ?? LEGACY_VERSIONS.filter((version) => version <= legacy),
    ciphers: words(bytes, ciphers + 2, compressions),
    groups,
    signatures,
  };
}

function words(bytes: Uint8Array, start: number, end: number): number[] {
  const result: number[] = [];
  for (let at = start; at + 2 <= end; at += 2) result.push(word(bytes, at));
  return result;
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

const SUPPORTED_GROUPS = 10;
const SIGNATURE_ALGORITHMS = 13;
const SUPPORTED_VERSIONS = 43;
const LEGACY_VERSIONS: readonly number[] = [0x0303, 0x0302, 0x0301];
