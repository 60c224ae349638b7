/**
 * Whether clients can have a key exchange that a quantum computer will not break: the hybrids of ML-KEM (FIPS 203), by
 * what the library can do and by what the operator has configured.
 */

import type { EngineSettings } from "../config/settings.ts";

/** What is offered. */
export interface PostQuantum {
  /** For example `X25519MLKEM768`; empty if none is offered. */
  readonly groups: readonly string[];
  /** Why none is; undefined if one is. */
  readonly why: string | undefined;
}

/**
 * What a library offers by these settings. `library` is its name for itself, for example `OpenSSL 3.5.4 (Node 26.1.0)`
 * or `rustls`.
 */
export function postQuantum(
  library: string,
  { groups, protocols }: Pick<EngineSettings, "groups" | "protocols">,
): PostQuantum {
  if (!protocols.includes("TLSv1.3")) return none("TLSv1.3 is off (--tls-protos)");
  if (library.startsWith("rustls")) return { groups: [HYBRID], why: undefined };
  if (!hasMlKem(library)) {
    const [, node] = /\((Node) /.exec(library) ?? [];
    const remedy = node === undefined ? "" : ", as in Node 24.5 and later";
    return none(`it needs OpenSSL 3.5 or later${remedy}`);
  }
  if (groups === undefined) return { groups: [HYBRID], why: undefined };
  const named = groups.split(/[:/]/).map((name) => name.replace(/^[?*]+/, ""))
    .filter(isHybrid);
  return named.length > 0
    ? { groups: named, why: undefined }
    : none(`--ecdh-curve leaves it out; ${HYBRID}:${groups} has it`);
}

/** Whether this OpenSSL has ML-KEM, and the groups with it. */
export function hasMlKem(version: string): boolean {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) * 100 + Number(minor) >= 305;
}

/** Whether this is the name of a group with ML-KEM. */
export function isHybrid(group: string): boolean {
  return HYBRIDS.test(group);
}

function none(why: string): PostQuantum {
  return { groups: [], why };
}

const HYBRID = "X25519MLKEM768";
const HYBRIDS = /MLKEM\d+$/i;
