/**
 * Translates OpenSSL's reasons for a failed handshake into words for operators: which side refused what, and what
 * it usually means. The words are stable, because the log counts failures of the same kind by them. If rustls can
 * fail in the same way, its words are the same.
 */

import { PeerError } from "../../errors.ts";
import { OpenSslError } from "../../runtime/openssl.ts";
import type { Network } from "../../runtime/runtime.ts";
import { endedHandshake, NothingSent } from "../handshake_end.ts";

/** Why a handshake failed, in words for operators. */
export function handshakeReason(error: OpenSslError): string {
  if (error.alert !== undefined) return alertReason(error.alert);
  if (error.fromEngine) return `the engine failed: ${error.message}`;
  const verdict = /^certificate verify failed: (.*)/.exec(error.message)?.[1];
  if (verdict !== undefined) {
    return VERDICTS[verdict] ?? `the client's certificate could not be verified: ${verdict}`;
  }
  for (const [pattern, words] of REASONS) {
    if (pattern.test(error.message)) return words;
  }
  return error.message;
}

/** The error of a failed handshake, whatever the cause. `endedByUs`: the connection was reset or closed meanwhile. */
export function handshakeFault(
  error: unknown,
  network: Pick<Network, "peerError">,
  endedByUs: boolean,
): PeerError {
  if (error instanceof OpenSslError) {
    return new PeerError("client", "handshake", handshakeReason(error), { cause: error });
  }
  const isFirst = error instanceof NothingSent;
  const fault = network.peerError(isFirst ? error.cause : error, "client");
  return endedHandshake(fault, isFirst && !endedByUs) ?? fault;
}

/** The error for a bad record after the handshake. */
export function recordFault(error: OpenSslError): PeerError {
  // A TLS 1.3 client may reject the certificate only after the server's part of the handshake is done.
  const judged = error.alert !== undefined && CERTIFICATE_ALERTS.has(error.alert);
  const kind = judged ? "handshake" : "other";
  return new PeerError("client", kind, handshakeReason(error), { cause: error });
}

/** An alert's name, or its number if it has none. */
export function alertName(alert: number): string {
  return ALERTS[alert] ?? String(alert);
}

function alertReason(alert: number): string {
  return `${ALERT_MEANINGS[alert] ?? "the client aborted the handshake"} (alert ${
    alertName(alert)
  })`;
}

/** The texts of X509_verify_cert_error_string(3) about revocation. */
const VERDICTS: Readonly<Record<string, string>> = {
  "certificate revoked": "the client's certificate has been revoked",
  "unable to get certificate CRL":
    "the client's certificate could not be verified: no revocation list of its authority or of one above " +
    "(--client-verify-crl)",
  "CRL has expired":
    "the client's certificate could not be verified: the revocation list of its authority or of one above " +
    "has expired (--client-verify-crl)",
  "CRL is not yet valid":
    "the client's certificate could not be verified: the revocation list of its authority or of one above " +
    "is not valid yet (--client-verify-crl)",
};

/** A pattern in OpenSSL's text, and its meaning. The first match counts. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^http request|wrong version number/, "not TLS (plain HTTP, a PROXY line or another protocol)"],
  [
    /packet length too long|record too small|record length mismatch|encrypted length too long|data length too long/,
    "malformed TLS record",
  ],
  [/unsupported protocol|version too low/, "the client offers no TLS version that stud allows"],
  [/no shared cipher/, "no cipher suite in common that fits the certificate"],
  [
    /no suitable key share|no shared group|no suitable groups/,
    "no key exchange group in common",
  ],
  [
    /no suitable signature algorithm|no shared signature algorithms|wrong signature type/,
    "no signature scheme in common that fits the certificate",
  ],
  [/peer did not return a certificate/, "the client sent no certificate, and one is required"],
  [/certificate verify failed/, "the client's certificate could not be verified"],
  [/bad signature/, "the client does not have the key of its certificate (bad signature)"],
  [
    /inappropriate fallback/,
    "the client fell back to an older TLS version without need (TLS_FALLBACK_SCSV)",
  ],
  [/no application protocol/, "no application protocol (ALPN) in common"],
  [
    /unexpected (message|record)|bad record type|ccs received early|app data in handshake|bad change cipher spec/,
    "the client broke the protocol (unexpected message)",
  ],
  [/renegotiation/, "the client tried to renegotiate, which stud refuses"],
  [
    /length mismatch|length too short|bad length|bad extension|bad packet|parse tlsext|bad key share|bad psk|duplicate|invalid|excessive message size|missing .* extension|decode/,
    "malformed TLS message",
  ],
  [/decryption failed|bad record mac|block cipher pad|digest check failed/, "undecryptable record"],
];

/** RFC 8446 section 6.2 and RFC 5246 section 7.2. */
const ALERTS: Readonly<Record<number, string>> = {
  0: "close_notify",
  10: "unexpected_message",
  20: "bad_record_mac",
  21: "decryption_failed",
  22: "record_overflow",
  30: "decompression_failure",
  40: "handshake_failure",
  42: "bad_certificate",
  43: "unsupported_certificate",
  44: "certificate_revoked",
  45: "certificate_expired",
  46: "certificate_unknown",
  47: "illegal_parameter",
  48: "unknown_ca",
  49: "access_denied",
  50: "decode_error",
  51: "decrypt_error",
  70: "protocol_version",
  71: "insufficient_security",
  80: "internal_error",
  86: "inappropriate_fallback",
  90: "user_canceled",
  100: "no_renegotiation",
  109: "missing_extension",
  110: "unsupported_extension",
  112: "unrecognized_name",
  113: "bad_certificate_status_response",
  116: "certificate_required",
  120: "no_application_protocol",
};

const ALERT_MEANINGS: Readonly<Record<number, string>> = {
  42: "the client refused the certificate",
  44: "the client considers the certificate revoked",
  45: "the client considers the certificate expired",
  46: "the client refused the certificate",
  48: "the client does not trust the certificate",
};

/** The alerts about our certificate, or about the client's missing one. */
const CERTIFICATE_ALERTS = new Set([42, 43, 44, 45, 46, 48, 113, 116]);
