/** What OCSP needs of certificates. */

import { isOcspSigner, ocspResponders, ocspSubject } from "../../../src/ocsp/subject.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { Authority } from "../../support/authority.ts";

Deno.test("ocspSubject() finds the issuer by its name and its signature", async () => {
  const authority = await Authority.make();
  const namesake = await Authority.make();
  const { certificate } = await authority.issue({ names: ["a.example"] });
  const issuerIn = (...chain: string[]) => ocspSubject([certificate, ...chain].join("")).issuer;
  assertEquals(issuerIn(), undefined);
  assertEquals(issuerIn(namesake.certificate), undefined);
  const found = issuerIn(namesake.certificate, authority.certificate);
  assertEquals(found, ocspSubject(authority.certificate).certificate);
});

Deno.test("ocspResponders() lists the responders that are asked by HTTP", async () => {
  const authority = await Authority.make();
  const responders = ["http://ocsp.example/a", "ldap://ocsp.example", "https://ocsp.example:8443"];
  const { certificate } = await authority.issue({ names: ["a.example"], responders });
  const found = ocspResponders(ocspSubject(certificate).certificate);
  assertEquals(found.map(String), ["http://ocsp.example/a", "https://ocsp.example:8443/"]);
  const { certificate: without } = await authority.issue({ names: ["b.example"] });
  assertEquals(ocspResponders(ocspSubject(without).certificate), []);
});

Deno.test("isOcspSigner() looks at the extended key usage", async () => {
  const authority = await Authority.make();
  for (const isOcspSignerToo of [true, false]) {
    const order = { names: ["a.example"], isOcspSigner: isOcspSignerToo };
    const { certificate } = await authority.issue(order);
    assert(isOcspSigner(ocspSubject(certificate).certificate) === isOcspSignerToo);
  }
});
