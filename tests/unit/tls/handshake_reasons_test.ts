/** The codes of failed handshakes. */

import { PeerError } from "../../../src/errors.ts";
import { OpenSslError } from "../../../src/runtime/openssl.ts";
import {
  HANDSHAKE_REASON_CODES,
  handshakeFailureReason,
} from "../../../src/tls/handshake_reasons.ts";
import { explainHandshake } from "../../../src/tls/openssl/handshake_reasons.ts";
import { handshakeError } from "../../../src/tls/rustls/handshake_error.ts";
import { assertEquals } from "../../support/assert.ts";

/** What OpenSSL and rustls say of the same fault; empty: that library does not tell, or cannot have it. */
const SAME: readonly (readonly [openssl: string, rustls: string, code: string])[] = [
  ["unsupported protocol", "peer is incompatible: Tls12NotOffered", "no-shared-version"],
  ["no shared cipher", "peer is incompatible: NoCipherSuitesInCommon", "no-shared-cipher"],
  ["no suitable key share", "peer is incompatible: NoKxGroupsInCommon", "no-shared-group"],
  [
    "no suitable signature algorithm",
    "peer is incompatible: NoSignatureSchemesInCommon",
    "no-shared-signature",
  ],
  ["no application protocol", "", "no-shared-alpn"],
  ["http request", "received corrupt message of type InvalidContentType", "not-tls"],
  ["packet length too long", "received corrupt message of type MessageTooLarge", "malformed"],
  ["peer did not return a certificate", "", "client-certificate-missing"],
  ["certificate verify failed: certificate has expired", "", "client-certificate-expired"],
  ["certificate verify failed: certificate revoked", "", "client-certificate-revoked"],
  ["certificate verify failed: self-signed certificate", "", "client-certificate-untrusted"],
  [
    "certificate verify failed: unable to get local issuer certificate",
    "",
    "client-certificate-untrusted",
  ],
  ["certificate verify failed: unsuitable certificate purpose", "", "client-certificate-invalid"],
  ["something new", "something new", "other"],
];

Deno.test("the same fault has the same code with OpenSSL and rustls", () => {
  for (const [openssl, rustls, code] of SAME) {
    assertEquals(explainHandshake(new OpenSslError(openssl)).reason, code, openssl);
    if (rustls === "") continue;
    assertEquals(handshakeError(new PeerError("client", "other", rustls)).reason, code, rustls);
  }
});

Deno.test("the same alert has the same code with OpenSSL and rustls", () => {
  const alerts = [
    [42, "BadCertificate", "certificate-refused-by-client"],
    [43, "UnsupportedCertificate", "certificate-refused-by-client"],
    [44, "CertificateRevoked", "certificate-refused-by-client"],
    [45, "CertificateExpired", "certificate-refused-by-client"],
    [46, "CertificateUnknown", "certificate-refused-by-client"],
    [48, "UnknownCA", "certificate-refused-by-client"],
    [113, "BadCertificateStatusResponse", "certificate-refused-by-client"],
    [40, "HandshakeFailure", "client-alert"],
    [80, "InternalError", "client-alert"],
  ] as const;
  for (const [alert, name, code] of alerts) {
    assertEquals(explainHandshake(new OpenSslError("alert", { alert })).reason, code, name);
    const rustls = new PeerError("client", "other", `received fatal alert: ${name}`);
    assertEquals(handshakeError(rustls).reason, code, name);
  }
});

Deno.test("handshakeFailureReason() is about failed handshakes only, and always a known code", () => {
  const reasonOf = (...[party, kind, reason]: [PeerError["party"], PeerError["kind"], string?]) =>
    handshakeFailureReason(new PeerError(party, kind, "", { reason }));
  assertEquals(reasonOf("client", "handshake", "timeout"), "timeout");
  assertEquals(reasonOf("client", "handshake"), "other");
  assertEquals(reasonOf("client", "handshake", "toString"), "other");
  for (const kind of ["silent", "denied", "refused", "reset"] as const) {
    assertEquals(reasonOf("client", kind), undefined);
  }
  assertEquals(reasonOf("backend", "handshake", "timeout"), undefined);
});

Deno.test("docs/handshake_failures.md explains every code, and no other", async () => {
  const page = await Deno.readTextFile(
    new URL("../../../docs/handshake_failures.md", import.meta.url),
  );
  const explained = [...page.matchAll(/^\| `([a-z-]+)` /gm)].map(([, code]) => code);
  assertEquals(explained, [...HANDSHAKE_REASON_CODES]);
});
