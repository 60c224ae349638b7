/**
 * Why a handshake can fail: a closed set of codes, the same for every engine as far as its library tells. Engines put a
 * code on the error; log, metrics and status page count by it, so a code never changes its meaning. The table in
 * docs/handshake_failures.md is about the same codes.
 */

import type { PeerError } from "../errors.ts";

/** What each code means. */
export const HANDSHAKE_REASONS = {
  "no-shared-version": "the client offers no TLS version that stud serves",
  "no-shared-cipher": "no cipher suite in common that fits the certificate",
  "no-shared-group": "no key exchange group in common",
  "no-shared-signature": "no signature scheme in common that fits the certificate",
  "no-shared-alpn": "no application protocol in common",
  "unknown-server-name": "no certificate for the requested name",
  "plain-http": "an HTTP request without TLS",
  "not-tls": "something else than TLS",
  "malformed": "TLS that breaks the protocol",
  "certificate-refused-by-client": "the client does not accept the certificate",
  "client-alert": "the client aborted with another alert",
  "client-certificate-missing": "the client sent no certificate",
  "client-certificate-invalid": "the client's certificate could not be verified",
  "client-certificate-expired": "the client's certificate has expired",
  "client-certificate-revoked": "the client's certificate has been revoked",
  "client-certificate-untrusted": "no known authority issued the client's certificate",
  "proxy-header-missing": "no PROXY header",
  "proxy-header-invalid": "a PROXY header that cannot be parsed",
  "timeout": "not done within --ssl-handshake-timeout",
  "gave-way": "ended to make room for a new client",
  "closed": "the client closed the connection",
  "reset": "the client reset the connection",
  "internal": "stud, its library or its engine failed",
  "other": "anything else",
} as const satisfies Readonly<Record<string, string>>;

/** A code. */
export type HandshakeReason = keyof typeof HANDSHAKE_REASONS;

/** All codes. */
export const HANDSHAKE_REASON_CODES = Object.keys(HANDSHAKE_REASONS) as readonly HandshakeReason[];

/**
 * Why the handshake failed; undefined if the fault is none of a handshake: one of a backend, a client that sent nothing
 * or may not connect, an end after the handshake. A client of TLS 1.3 may refuse the certificate after the server's
 * part of the handshake; that counts as a failed one.
 */
export function handshakeFailureReason(
  { party, kind, reason }: Pick<PeerError, "party" | "kind" | "reason">,
): HandshakeReason | undefined {
  if (party !== "client" || kind !== "handshake") return undefined;
  return reason !== undefined && Object.hasOwn(HANDSHAKE_REASONS, reason)
    ? reason as HandshakeReason
    : "other";
}
