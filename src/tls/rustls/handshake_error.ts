/**
 * Translates rustls's reasons for a failed handshake into words for operators: which side refused what, and what
 * it usually means. The words are stable, because the log counts failures of the same kind by them.
 */

import { PeerError } from "../../errors.ts";
import { handshakeEnd } from "../handshake_end.ts";
import type { HandshakeReason } from "../handshake_reasons.ts";

/** A pattern in rustls's text, its code, and its meaning. The first match counts. */
const REASONS: readonly (readonly [RegExp, HandshakeReason, string])[] = [
  [/InvalidContentType/, "not-tls", "not TLS (plain HTTP, a PROXY line or another protocol)"],
  [/MessageTooLarge|IllegalLength/, "malformed", "malformed TLS record"],
  [
    /fatal alert: UnknownCA/,
    "certificate-refused-by-client",
    "the client does not trust the certificate (alert unknown_ca)",
  ],
  [
    /fatal alert: BadCertificate\b/,
    "certificate-refused-by-client",
    "the client refused the certificate (alert bad_certificate)",
  ],
  [
    /fatal alert: CertificateExpired/,
    "certificate-refused-by-client",
    "the client considers the certificate expired (alert certificate_expired)",
  ],
  [
    /fatal alert: CertificateUnknown/,
    "certificate-refused-by-client",
    "the client refused the certificate (alert certificate_unknown)",
  ],
  [
    /fatal alert: CertificateRevoked/,
    "certificate-refused-by-client",
    "the client considers the certificate revoked (alert certificate_revoked)",
  ],
  [
    /fatal alert: ((?:UnsupportedCertificate|BadCertificate)\w*)/,
    "certificate-refused-by-client",
    "the client aborted the handshake (alert $1)",
  ],
  [/fatal alert: (\w+)/, "client-alert", "the client aborted the handshake (alert $1)"],
  [
    /SignatureAlgorithmsExtensionRequired|Tls12NotOffered|Tls13RequiredForQuic|SupportedVersionsExtensionRequired/,
    "no-shared-version",
    "the client does not offer TLS 1.2 or later",
  ],
  [/NoKxGroupsInCommon/, "no-shared-group", "no key exchange group or ECDHE cipher in common"],
  [
    /NoCipherSuitesInCommon/,
    "no-shared-cipher",
    "no cipher suite in common that fits the certificate",
  ],
  [
    /NoSignatureSchemesInCommon/,
    "no-shared-signature",
    "no signature scheme in common that fits the certificate",
  ],
  [
    /NoCertificateRequestSignatureSchemesInCommon/,
    "no-shared-signature",
    "no signature scheme in common",
  ],
  [
    /ServerNameMustContainOneHostName/,
    "unknown-server-name",
    "the requested name is not a DNS name, which only --tls-library=openssl accepts",
  ],
  [/peer is incompatible: (\w+)/, "other", "incompatible client ($1)"],
  [/peer misbehaved: (\w+)/, "malformed", "the client broke the protocol ($1)"],
  [
    /unexpected message|inappropriate/,
    "malformed",
    "the client broke the protocol (unexpected message)",
  ],
  [/corrupt message/, "malformed", "malformed TLS message"],
  [/decrypt/, "malformed", "undecryptable record"],
];

/** Makes the error of a failed handshake from the stream's error, which stays as its cause. */
export function handshakeError(error: PeerError): PeerError {
  const { words, reason } = explained(error);
  return new PeerError("client", "handshake", words, { cause: error, reason });
}

function explained(error: PeerError): { words: string; reason: HandshakeReason } {
  const end = handshakeEnd(error.kind);
  if (end !== undefined) return end;
  for (const [pattern, reason, words] of REASONS) {
    const match = pattern.exec(error.message);
    if (match) return { words: words.replace("$1", match[1] ?? ""), reason };
  }
  return { words: error.message, reason: "other" };
}
