/** Authorities of clients that would let nobody in. */

import { StartupError } from "../../../src/errors.ts";
import { checkClientAuthorities } from "../../../src/x509/client_authorities.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../../support/assert.ts";
import { Authority } from "../../support/authority.ts";
import { made } from "../../support/made_certificates.ts";
import { Certificate } from "../../../src/x509/certificate.ts";

function messageOf(pem: string): string {
  return assertThrows(() => checkClientAuthorities(pem, "ca.pem"), StartupError).message;
}

Deno.test("one root is enough, and a client's own certificate is one", async () => {
  const root = await Authority.make();
  const below = await root.authority("below");
  const pem = below.certificate + root.certificate;
  assertEquals(checkClientAuthorities(pem, "ca.pem"), pem);
  const { certificate } = await made({ names: ["client.example"], commonName: "client" });
  assertEquals(checkClientAuthorities(certificate, "ca.pem"), certificate);
});

Deno.test("a file without a root is refused, since no chain could end", async () => {
  const root = await Authority.make();
  const [one, other] = [await root.authority("one"), await root.authority("other")];
  assertStringIncludes(
    messageOf(one.certificate),
    "ca.pem: the certificate in it is signed by others",
  );
  assertStringIncludes(
    messageOf(one.certificate + other.certificate),
    "ca.pem: the 2 certificates in it are signed by others",
  );
  const { pem } = await root.issue({ names: ["leaf.example"] });
  const leaf = pem.slice(0, pem.indexOf("-----END CERTIFICATE-----") + 26);
  assertStringIncludes(messageOf(leaf), "append the self-signed certificate of the root authority");
});

Deno.test("as many names as the request has room for are taken, and no more", async () => {
  const { certificate } = await made({ commonName: "x".repeat(900) });
  const { subject } = Certificate.parsePem(certificate);
  const most = Math.floor(65_280 / (subject.whole.length + 2));
  assert(checkClientAuthorities(certificate.repeat(most), "ca.pem").length > 0);
  assertEquals(
    messageOf(certificate.repeat(most + 1)),
    `ca.pem: the names of the ${most + 1} authorities in it take ${
      (most + 1) * (subject.whole.length + 2)
    } bytes, but TLS has room for 65280 when a server asks for certificates; leave out authorities ` +
      "that no client's certificate is from",
  );
});
