/**
 * Translates OpenSSL's reasons for a failed handshake into words for operators: which side refused what, and what
 * it usually means. The words are stable, because the log counts failures of the same kind by them. If rustls can
 * fail in the same way, its words are the same.
 */

import { PeerError } from "../../errors.ts";
import { OpenSslError } from "../../runtime/openssl.ts";
import type { Network } from "../../runtime/runtime.ts";
import { endedHandshake, NothingSent } from "../handshake_end.ts";
import type { HandshakeReason } from "../handshake_reasons.ts";

/** Why a handshake failed: in words for operators, and as a code. */
export interface Explanation {
  readonly words: string;
  readonly reason: HandshakeReason;
}

/** Why a handshake failed. */
export function explainHandshake({ message, alert, fromEngine }: OpenSslError): Explanation {
  if (alert !== undefined) {
    const reason = REFUSALS.has(alert) ? "certificate-refused-by-client" : "client-alert";
    return { words: alertReason(alert), reason };
  }
  if (fromEngine) return { words: `the engine failed: ${message}`, reason: "internal" };
  const verdict = /^certificate verify failed: (.*)/.exec(message)?.[1];
  if (verdict !== undefined) return explainVerdict(verdict);
  for (const [pattern, reason, words] of REASONS) {
    if (pattern.test(message)) return { words, reason };
  }
  return { words: message, reason: "other" };
}

/** What is wrong with a client's certificate, from the text of X509_verify_cert_error_string(3). */
function explainVerdict(verdict: string): Explanation {
  const words = VERDICTS[verdict] ?? `the client's certificate could not be verified: ${verdict}`;
  for (const [pattern, reason] of VERDICT_REASONS) {
    if (pattern.test(verdict)) return { words, reason };
  }
  return { words, reason: "client-certificate-invalid" };
}

/** The error of a failed handshake, whatever the cause. `endedByUs`: the connection was reset or closed meanwhile. */
export function handshakeFault(
  error: unknown,
  network: Pick<Network, "peerError">,
  endedByUs: boolean,
): PeerError {
  if (error instanceof OpenSslError) {
    const { words, reason } = explainHandshake(error);
    return new PeerError("client", "handshake", words, { cause: error, reason });
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
  const { words, reason } = explainHandshake(error);
  return new PeerError("client", kind, words, { cause: error, ...judged && { reason } });
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

/** A pattern in such a text, and its code. The first match counts. */
const VERDICT_REASONS: readonly (readonly [RegExp, HandshakeReason])[] = [
  [/^certificate revoked/, "client-certificate-revoked"],
  [/^certificate has expired/, "client-certificate-expired"],
  [
    /self.signed certificate|unable to get (?:local )?issuer certificate|unable to verify the first|not trusted/,
    "client-certificate-untrusted",
  ],
];

/** A pattern in OpenSSL's text, its code, and its meaning. The first match counts. */
const REASONS: readonly (readonly [RegExp, HandshakeReason, string])[] = [
  [
    /^http request/,
    "not-tls",
    "not TLS (plain HTTP, a PROXY line or another protocol)",
  ],
  // The hello was one of TLS (wire/client_hello.ts).
  [
    /wrong version number/,
    "malformed",
    "after its hello, a record of another TLS version than was chosen, or not of TLS",
  ],
  [
    /packet length too long|record too small|record length mismatch|encrypted length too long|data length too long/,
    "malformed",
    "malformed TLS record",
  ],
  [
    /unsupported protocol|version too low/,
    "no-shared-version",
    "the client offers no TLS version that stud allows",
  ],
  [/no shared cipher/, "no-shared-cipher", "no cipher suite in common that fits the certificate"],
  [
    /no suitable key share|no shared group|no suitable groups/,
    "no-shared-group",
    "no key exchange group in common",
  ],
  [
    /no suitable signature algorithm|no shared signature algorithms|wrong signature type/,
    "no-shared-signature",
    "no signature scheme in common that fits the certificate",
  ],
  [
    /peer did not return a certificate/,
    "client-certificate-missing",
    "the client sent no certificate, and one is required",
  ],
  [
    /certificate verify failed/,
    "client-certificate-invalid",
    "the client's certificate could not be verified",
  ],
  [
    /bad signature/,
    "client-certificate-invalid",
    "the client does not have the key of its certificate (bad signature)",
  ],
  [
    /inappropriate fallback/,
    "other",
    "the client fell back to an older TLS version without need (TLS_FALLBACK_SCSV)",
  ],
  [/no application protocol/, "no-shared-alpn", "no application protocol (ALPN) in common"],
  [
    /unexpected (message|record)|bad record type|ccs received early|app data in handshake|bad change cipher spec/,
    "malformed",
    "the client broke the protocol (unexpected message)",
  ],
  [/renegotiation/, "malformed", "the client tried to renegotiate, which stud refuses"],
  [
    /length mismatch|length too short|bad length|bad extension|bad packet|parse tlsext|bad key share|bad psk|duplicate|invalid|excessive message size|missing .* extension|decode/,
    "malformed",
    "malformed TLS message",
  ],
  [
    /decryption failed|bad record mac|block cipher pad|digest check failed/,
    "malformed",
    "undecryptable record",
  ],
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

/** The alerts with which a client refuses our certificate. */
const REFUSALS = new Set([42, 43, 44, 45, 46, 48, 113]);
/** The alerts about our certificate, or about the client's missing one. */
const CERTIFICATE_ALERTS = new Set([42, 43, 44, 45, 46, 48, 113, 116]);
