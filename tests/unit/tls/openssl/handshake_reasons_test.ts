/** OpenSSL's reasons, as the library words them, in an operator's words. */

import { OpenSslError } from "../../../../src/runtime/openssl.ts";
import { explainHandshake } from "../../../../src/tls/openssl/handshake_reasons.ts";
import { assertEquals, assertStringIncludes } from "../../../support/assert.ts";

const handshakeReason = (error: OpenSslError) => explainHandshake(error).words;

/** What an operator reads, and OpenSSL's reasons for it. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  "not TLS (plain HTTP, a PROXY line or another protocol)": ["http request"],
  "after its hello, a record of another TLS version than was chosen, or not of TLS": [
    "wrong version number",
  ],
  "malformed TLS record": [
    ...["packet length too long", "encrypted length too long", "data length too long"],
    ...["record too small", "record length mismatch"],
  ],
  "the client offers no TLS version that stud allows": [
    ...["unsupported protocol", "version too low"],
  ],
  "no cipher suite in common that fits the certificate": ["no shared cipher"],
  "no key exchange group in common": [
    ...["no suitable key share", "no shared groups", "no suitable groups"],
  ],
  "no signature scheme in common that fits the certificate": [
    ...[
      "no suitable signature algorithm",
      "no shared signature algorithms",
      "wrong signature type",
    ],
  ],
  "the client sent no certificate, and one is required": [
    "peer did not return a certificate",
  ],
  "the client's certificate could not be verified": ["certificate verify failed"],
  "the client does not have the key of its certificate (bad signature)": ["bad signature"],
  "the client fell back to an older TLS version without need (TLS_FALLBACK_SCSV)": [
    "inappropriate fallback",
  ],
  "no application protocol (ALPN) in common": ["no application protocol"],
  "the client broke the protocol (unexpected message)": [
    ...["unexpected message", "unexpected record", "ccs received early"],
    ...["app data in handshake", "bad change cipher spec"],
  ],
  "the client tried to renegotiate, which stud refuses": [
    ...["no renegotiation", "unsafe legacy renegotiation disabled"],
  ],
  "malformed TLS message": [
    ...["length mismatch", "length too short", "bad length", "bad extension", "bad packet"],
    ...["parse tlsext", "bad key share", "bad psk", "bad psk identity", "duplicate compression id"],
    ...["invalid compression algorithm", "invalid session id", "excessive message size"],
    ...["missing supported groups extension", "missing psk kex modes extension", "decode error"],
  ],
  "undecryptable record": [
    ...["decryption failed", "decryption failed or bad record mac", "bad record mac"],
    ...["block cipher pad is wrong", "digest check failed"],
  ],
};

for (const [words, reasons] of Object.entries(WORDS)) {
  Deno.test(`explainHandshake(): ${words}`, () => {
    for (const reason of reasons) {
      assertEquals(handshakeReason(new OpenSslError(reason)), words, reason);
    }
  });
}

Deno.test("explainHandshake() leaves a reason that it does not know as it is", () => {
  assertEquals(handshakeReason(new OpenSslError("internal error")), "internal error");
});

Deno.test("explainHandshake() says what is wrong with a client's certificate, if that is known", () => {
  assertEquals(
    handshakeReason(new OpenSslError("certificate verify failed: certificate has expired")),
    "the client's certificate could not be verified: certificate has expired",
  );
  assertEquals(
    handshakeReason(new OpenSslError("certificate verify failed: certificate revoked")),
    "the client's certificate has been revoked",
  );
  for (const text of ["unable to get certificate CRL", "CRL has expired", "CRL is not yet valid"]) {
    const reason = handshakeReason(new OpenSslError(`certificate verify failed: ${text}`));
    assertStringIncludes(reason, "(--client-verify-crl)", text);
  }
});

Deno.test("explainHandshake() lays what an engine says to no client's door", () => {
  const error = new OpenSslError("device removed: bad signature", { fromEngine: true });
  assertEquals(handshakeReason(error), "the engine failed: device removed: bad signature");
});

const ALERTS: readonly (readonly [alert: number, words: string])[] = [
  [0, "the client aborted the handshake (alert close_notify)"],
  [40, "the client aborted the handshake (alert handshake_failure)"],
  [42, "the client refused the certificate (alert bad_certificate)"],
  [44, "the client considers the certificate revoked (alert certificate_revoked)"],
  [45, "the client considers the certificate expired (alert certificate_expired)"],
  [46, "the client refused the certificate (alert certificate_unknown)"],
  [48, "the client does not trust the certificate (alert unknown_ca)"],
  [70, "the client aborted the handshake (alert protocol_version)"],
  [116, "the client aborted the handshake (alert certificate_required)"],
  [120, "the client aborted the handshake (alert no_application_protocol)"],
  [200, "the client aborted the handshake (alert 200)"],
];

Deno.test("explainHandshake() names the alert that the client sent, whatever OpenSSL calls it", () => {
  for (const [alert, words] of ALERTS) {
    assertEquals(
      handshakeReason(new OpenSslError("ssl/tls alert bad signature", { alert })),
      words,
    );
  }
});
