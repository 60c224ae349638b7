/**
 * Translates rustls's reasons for a failed handshake into words for operators: which side refused what, and what
 * it usually means. The words are stable, because the log counts failures of the same kind by them.
 */

import { PeerError } from "../../errors.ts";
import { handshakeEnd } from "../handshake_end.ts";

/** A pattern in rustls's text, and its meaning. The first match counts. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/InvalidContentType/, "not TLS (plain HTTP, a PROXY line or another protocol)"],
  [/MessageTooLarge|IllegalLength/, "malformed TLS record"],
  [/fatal alert: UnknownCA/, "the client does not trust the certificate (alert unknown_ca)"],
  [/fatal alert: BadCertificate/, "the client refused the certificate (alert bad_certificate)"],
  [
    /fatal alert: CertificateExpired/,
    "the client considers the certificate expired (alert certificate_expired)",
  ],
  [
    /fatal alert: CertificateUnknown/,
    "the client refused the certificate (alert certificate_unknown)",
  ],
  [
    /fatal alert: CertificateRevoked/,
    "the client considers the certificate revoked (alert certificate_revoked)",
  ],
  [/fatal alert: (\w+)/, "the client aborted the handshake (alert $1)"],
  [
    /SignatureAlgorithmsExtensionRequired|Tls12NotOffered|Tls13RequiredForQuic|SupportedVersionsExtensionRequired/,
    "the client does not offer TLS 1.2 or later",
  ],
  [/NoKxGroupsInCommon/, "no key exchange group or ECDHE cipher in common"],
  [/NoCipherSuitesInCommon/, "no cipher suite in common that fits the certificate"],
  [/NoSignatureSchemesInCommon/, "no signature scheme in common that fits the certificate"],
  [/NoCertificateRequestSignatureSchemesInCommon/, "no signature scheme in common"],
  [
    /ServerNameMustContainOneHostName/,
    "the requested name is not a DNS name, which only --tls-library=openssl accepts",
  ],
  [/peer is incompatible: (\w+)/, "incompatible client ($1)"],
  [/peer misbehaved: (\w+)/, "the client broke the protocol ($1)"],
  [/unexpected message|inappropriate/, "the client broke the protocol (unexpected message)"],
  [/corrupt message/, "malformed TLS message"],
  [/decrypt/, "undecryptable record"],
];

/** Makes the error of a failed handshake from the stream's error, which stays as its cause. */
export function handshakeError(error: PeerError): PeerError {
  return new PeerError("client", "handshake", reason(error), { cause: error });
}

function reason(error: PeerError): string {
  const end = handshakeEnd(error.kind);
  if (end !== undefined) return end;
  for (const [pattern, words] of REASONS) {
    const match = pattern.exec(error.message);
    if (match) return words.replace("$1", match[1] ?? "");
  }
  return error.message;
}
