/** rustls's reasons in an operator's words. */

import { PeerError } from "../../../../src/errors.ts";
import { handshakeError } from "../../../../src/tls/rustls/handshake_error.ts";
import { assert, assertEquals } from "../../../support/assert.ts";

/** rustls's text, and the words it becomes. */
const CASES: readonly (readonly [text: string, words: string])[] = [
  [
    "received corrupt message of type InvalidContentType",
    "not TLS (plain HTTP, a PROXY line or another protocol)",
  ],
  ["received corrupt message of type MessageTooLarge", "malformed TLS record"],
  ["received corrupt message of type IllegalLength", "malformed TLS record"],
  ['received corrupt message of type MissingData("x")', "malformed TLS message"],
  [
    "received fatal alert: UnknownCA",
    "the client does not trust the certificate (alert unknown_ca)",
  ],
  [
    "received fatal alert: BadCertificate",
    "the client refused the certificate (alert bad_certificate)",
  ],
  [
    "received fatal alert: CertificateExpired",
    "the client considers the certificate expired (alert certificate_expired)",
  ],
  [
    "received fatal alert: CertificateUnknown",
    "the client refused the certificate (alert certificate_unknown)",
  ],
  [
    "received fatal alert: CertificateRevoked",
    "the client considers the certificate revoked (alert certificate_revoked)",
  ],
  [
    "received fatal alert: ProtocolVersion",
    "the client aborted the handshake (alert ProtocolVersion)",
  ],
  ["peer is incompatible: Tls12NotOffered", "the client does not offer TLS 1.2 or later"],
  [
    "peer is incompatible: NoCipherSuitesInCommon",
    "no cipher suite in common that fits the certificate",
  ],
  ["peer is incompatible: NoKxGroupsInCommon", "no key exchange group or ECDHE cipher in common"],
  [
    "peer is incompatible: NoSignatureSchemesInCommon",
    "no signature scheme in common that fits the certificate",
  ],
  [
    "peer is incompatible: NoCertificateRequestSignatureSchemesInCommon",
    "no signature scheme in common",
  ],
  [
    "peer is incompatible: UncompressedEcPointsRequired",
    "incompatible client (UncompressedEcPointsRequired)",
  ],
  [
    "peer misbehaved: ServerNameMustContainOneHostName",
    "the requested name is not a DNS name, which only --tls-library=openssl accepts",
  ],
  [
    "peer misbehaved: TooManyKeyUpdateRequests",
    "the client broke the protocol (TooManyKeyUpdateRequests)",
  ],
  [
    "received unexpected message: got Handshake when expecting X",
    "the client broke the protocol (unexpected message)",
  ],
  ["cannot decrypt peer's message", "undecryptable record"],
  ["something new", "something new"],
];

Deno.test("handshakeError() puts each of rustls's reasons into an operator's words", () => {
  for (const [text, words] of CASES) {
    const cause = new PeerError("client", "other", text);
    const error = handshakeError(cause);
    assertEquals([error.party, error.kind, error.message], ["client", "handshake", words]);
    assert(error.cause === cause);
  }
});

Deno.test("handshakeError() distinguishes clients that left from clients that failed", () => {
  const words = (kind: "closed" | "reset") =>
    handshakeError(new PeerError("client", kind, "fatal alert: UnknownCA")).message;
  assertEquals(words("closed"), "the client closed the connection during the handshake");
  assertEquals(words("reset"), "the client reset the connection during the handshake");
});
