/**
 * What would have worked: compares what a client offers with what stud serves, for the log entry about a handshake that
 * failed. It is about the faults of two lists that have nothing in common; what to do about others is in docs/handshake_failures.md.
 */

import type { DescribedHello } from "../wire/client_offers_text.ts";
import { versionNames } from "../wire/client_offers_text.ts";
import type { HandshakeReason } from "./handshake_reasons.ts";
import type { EngineSettings } from "../config/settings.ts";
import { canVerify, type KeyKind } from "./verifiable_keys.ts";

/** What an engine serves. */
export interface ServedTerms {
  readonly engine: Pick<EngineSettings, "protocols" | "ciphers" | "alpnProtocols">;
  /** OpenSSL's list: the operator's, or stud's own. */
  readonly groups: string;
  /** The keys of its certificates. */
  readonly keys: readonly KeyKind[];
}

/** What would have worked, to follow what the client offers; undefined if there is nothing to compare. */
export function handshakeAdvice(
  reason: HandshakeReason,
  hello: DescribedHello,
  terms: ServedTerms,
): string | undefined {
  switch (reason) {
    case "no-shared-version": {
      const [newest = "no version"] = versionNames(hello.offers);
      return `it offers ${newest} at most; stud serves ${
        listed(terms.engine.protocols)
      } (--tls-protos)`;
    }
    case "no-shared-group":
      return `stud serves the groups ${listed(terms.groups.split(/[:/]/))} (--ecdh-curve)`;
    case "no-shared-alpn":
      return `stud serves ${listed(terms.engine.alpnProtocols)} (--alpn-protos)`;
    case "no-shared-cipher":
    case "no-shared-signature":
      return verifiable(hello, terms);
    case "unknown-server-name":
      return "a certificate for that name, or no --sni-nomatch-abort";
    default:
      return undefined;
  }
}

function verifiable({ offers }: DescribedHello, terms: ServedTerms): string {
  const served = [...new Set(terms.keys.map(keyName))];
  if (terms.keys.some((key) => canVerify(offers, terms.engine, key))) {
    return "it can verify a certificate of stud, but shares no cipher with it (-c/--ciphers)";
  }
  const verifies = KINDS.filter((key) => canVerify(offers, terms.engine, key)).map(keyName);
  const has = `stud has only ${listed(served)}`;
  return verifies.length === 0
    ? `it can verify no usual certificate with these ciphers; ${has} (-c/--ciphers)`
    : `it can verify certificates with keys of ${listed(verifies)}; ${has}: add one`;
}

function keyName({ keyType, curve = "" }: KeyKind): string {
  return keyType === "ec" ? CURVES[curve] ?? "ECDSA" : keyType === "rsa" ? "RSA" : keyType;
}

function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? "nothing";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}

/** By object identifier (RFC 5480). */
const CURVES: Readonly<Record<string, string>> = {
  "1.2.840.10045.3.1.7": "P-256",
  "1.3.132.0.34": "P-384",
  "1.3.132.0.35": "P-521",
};
const KINDS: readonly KeyKind[] = [
  { keyType: "rsa" },
  ...Object.keys(CURVES).map((curve) => ({ keyType: "ec", curve })),
  { keyType: "ed25519" },
];
