import { PeerError } from "../../../src/errors.ts";
import { OpenSslError } from "../../../src/runtime/openssl.ts";
import { handshakeFault, recordFaultAt, withNames } from "../../../src/tls/backend_faults.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { made } from "../../support/made_certificates.ts";

/** What a library says, and the operator's words. */
const REASONS: readonly (readonly [string, string])[] = [
  ["invalid peer certificate: Expired", "its certificate has expired"],
  ["certificate verify failed: certificate has expired", "its certificate has expired"],
  ["invalid peer certificate: NotValidYet", "its certificate is not valid yet"],
  ["certificate verify failed: certificate is not yet valid", "its certificate is not valid yet"],
  [
    'invalid peer certificate: certificate not valid for name "a.example"; certificate is only valid for ' +
    'DnsName("b.example"), DnsName("c.example") or IpAddress(192.0.2.1)',
    "its certificate is not for a.example but for b.example, c.example, 192.0.2.1",
  ],
  [
    'invalid peer certificate: certificate not valid for name "a.example"; certificate is not valid for any names',
    "its certificate is not for a.example but for no name",
  ],
  [
    "certificate verify failed: self-signed certificate in certificate chain",
    "its certificate is from an authority that is not trusted here; see --backend-ca",
  ],
  ["invalid peer certificate: BadEncoding", "its certificate could not be verified: BadEncoding"],
  [
    "certificate verify failed: path length constraint exceeded",
    "its certificate could not be verified: path length constraint exceeded",
  ],
  ["received corrupt message of type InvalidContentType", "it does not speak TLS"],
  ["wrong version number", "it does not speak TLS"],
  ["peer is incompatible: ServerDoesNotSupportTls12Or13", "no TLS version in common"],
  [
    "received fatal alert: NoApplicationProtocol",
    "it speaks none of the protocols of --alpn-protos (alert no_application_protocol)",
  ],
  ["received fatal alert: InternalError", "it aborted the handshake (alert internal_error)"],
  ["received fatal alert: UnknownCA", "it does not trust our certificate (alert unknown_ca)"],
  ["something new", "something new"],
];

Deno.test("handshakeFault() puts every library's words into an operator's", () => {
  for (const [text, words] of REASONS) {
    for (const error of [new PeerError("backend", "other", text), new OpenSslError(text)]) {
      const { party, kind, message, cause } = handshakeFault(error);
      assertEquals([party, kind, message], ["backend", "handshake", `TLS: ${words}`]);
      assert(cause === error);
    }
  }
});

Deno.test("an OpenSSL alert is reported by name", () => {
  assertEquals(
    handshakeFault(new OpenSslError("sslv3 alert handshake failure", { alert: 40 })).message,
    "TLS: no cipher or key exchange group in common, or it wants a certificate (alert handshake_failure)",
  );
});

Deno.test("recordFaultAt() leaves ends as they are, and names the backend in what is about TLS", () => {
  const faultOf = recordFaultAt("192.0.2.1:443");
  const reset = new PeerError("backend", "reset", "connection reset");
  assert(faultOf(reset) === reset);
  const judged = faultOf(new OpenSslError("certificate required", { alert: 116 }));
  assertEquals([judged.kind, judged.message], [
    "handshake",
    "192.0.2.1:443: TLS: it requires a client certificate; name a PEM file (alert certificate_required)",
  ]);
  const broken = faultOf(new OpenSslError("bad record mac"));
  assertEquals([broken.kind, broken.message], [
    "other",
    "192.0.2.1:443: TLS: it sent an undecryptable record",
  ]);
});

Deno.test("withNames() lists the names of a certificate, if that is what is wrong", async () => {
  const { certificate } = await made({ names: ["b.example", "ip:192.0.2.1"] });
  const mismatch = new OpenSslError("certificate verify failed: hostname mismatch");
  assertEquals(
    withNames(mismatch, "a.example", certificate).message,
    "its certificate is not for a.example but for b.example, 192.0.2.1",
  );
  assert(withNames(mismatch, "a.example", undefined) === mismatch);
  const expired = new OpenSslError("certificate verify failed: certificate has expired");
  assert(withNames(expired, "a.example", certificate) === expired);
  const nameless = await made({ commonName: "nobody" });
  assertEquals(
    withNames(mismatch, "a.example", nameless.certificate).message,
    "its certificate is not for a.example but for no name",
  );
});
