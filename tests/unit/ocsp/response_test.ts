/** OCSP responses, before they are stapled. */

import fc from "fast-check";
import {
  checkOcspResponse,
  hitchResponseName,
  OcspResponseError,
} from "../../../src/ocsp/response.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";
import { Authority } from "../../support/authority.ts";
import { made, TODAY } from "../../support/made_certificates.ts";
import {
  madeOcspResponse,
  refusedOcspResponse,
  signedOcspResponse,
  type Signer,
  type WantedResponse,
} from "../../support/made_ocsp_responses.ts";

const DAY = 86_400_000;
const WEEK = new Date(TODAY.getTime() + 7 * DAY);
const UNSIGNED = { now: TODAY, signature: false };

Deno.test("checkOcspResponse() returns until when a response is valid", async () => {
  const { certificate } = await made({ serialNumber: "00c0ffee" });
  const about = { about: certificate, thisUpdate: TODAY };
  const until = (response: Uint8Array) =>
    checkOcspResponse(response, certificate, UNSIGNED).nextUpdate;
  assertEquals(until(madeOcspResponse({ ...about, nextUpdate: WEEK })), WEEK);
  assertEquals(until(madeOcspResponse(about)), undefined);
});

Deno.test("checkOcspResponse() says why a response is no use", async () => {
  const { certificate } = await made({ serialNumber: "0102" });
  const { certificate: other } = await made({ serialNumber: "0102", commonName: "Other" });
  const about = { about: certificate, thisUpdate: TODAY, nextUpdate: WEEK };
  const notThis = "the OCSP response is not about this certificate (serial number 0102)";
  const cases: [response: Uint8Array, message: string][] = [
    [madeOcspResponse({ ...about, serialNumber: "0103" }), notThis],
    [madeOcspResponse({ ...about, about: other }), notThis],
    [
      madeOcspResponse({ ...about, status: "revoked" }),
      "the OCSP response says that the certificate is revoked",
    ],
    [
      madeOcspResponse({ ...about, status: "unknown" }),
      "the OCSP response says that the certificate is unknown",
    ],
    [
      madeOcspResponse({ ...about, thisUpdate: WEEK }),
      "the OCSP response is not valid before 2030-01-08T00:00:00.000Z",
    ],
    [
      madeOcspResponse({ ...about, nextUpdate: TODAY }),
      "the OCSP response expired on 2030-01-01T00:00:00.000Z",
    ],
    [refusedOcspResponse(6), "the OCSP responder refused to answer (unauthorized, status 6)"],
    [refusedOcspResponse(3), "the OCSP responder refused to answer (tryLater, status 3)"],
    [new TextEncoder().encode(certificate), "not an OCSP response in DER"],
    [new Uint8Array(), "not an OCSP response in DER"],
    [madeOcspResponse(about).slice(0, -1), "not an OCSP response in DER"],
  ];
  for (const [response, message] of cases) {
    const check = () => checkOcspResponse(response, certificate, UNSIGNED);
    assertEquals(assertThrows(check, OcspResponseError).message, message);
  }
});

Deno.test("checkOcspResponse() allows for a responder whose clock is ahead", async () => {
  const { certificate } = await made();
  const ahead = (minutes: number) => {
    const thisUpdate = new Date(TODAY.getTime() + minutes * 60_000);
    const response = madeOcspResponse({ about: certificate, thisUpdate });
    return checkOcspResponse(response, certificate, UNSIGNED);
  };
  ahead(4);
  assertThrows(() => ahead(6), OcspResponseError, "not valid before");
});

Deno.test("checkOcspResponse() compares the issuer's key if the chain has it", async () => {
  const authority = await Authority.make();
  const namesake = await Authority.make();
  const { certificate: about } = await authority.issue({ names: ["a.example"] });
  const chain = about + authority.certificate;
  const now = new Date();
  for (const hash of ["sha1", "sha256"] as const) {
    const by = ({ certificate: issuer }: Authority) =>
      madeOcspResponse({ about, issuer, hash, thisUpdate: now });
    checkOcspResponse(by(authority), chain, { now, signature: false });
    const check = () => checkOcspResponse(by(namesake), chain, { now, signature: false });
    assertThrows(check, OcspResponseError, "not about this certificate");
  }
});

Deno.test("checkOcspResponse() takes the issuer's signature, however the issuer is named", async () => {
  const { authority, check } = await signatures();
  const { key, certificate } = authority;
  const issuer = { key, certificate };
  assertEquals(check(issuer), "good");
  assertEquals(check({ ...issuer, isNamed: true, isIncluded: true }), "good");
});

Deno.test("checkOcspResponse() takes the signature of whom the issuer has certified for it", async () => {
  const { authority, check } = await signatures();
  for (const keyType of ["ec", "rsa"] as const) {
    const delegate = await authority.issue({ names: ["ocsp"], keyType, isOcspSigner: true });
    assertEquals(check({ ...delegate, isIncluded: true }), "good");
    assertEquals(check({ ...delegate, isIncluded: true, isNamed: true }), "good");
    assertEquals(
      check(delegate),
      "the signature of the OCSP response is not valid: the certificate of its signer is not in the response",
    );
  }
});

Deno.test("checkOcspResponse() refuses signatures that do not count, and says why", async () => {
  const { authority, check } = await signatures();
  const start = "the signature of the OCSP response is not valid: ";
  const namesake = await Authority.make();
  const wrong: Signer = { key: namesake.key, certificate: authority.certificate };
  assertEquals(check(wrong), `${start}it does not match`);
  const plain = await authority.issue({ names: ["a.example"] });
  assertEquals(
    check({ ...plain, isIncluded: true }),
    `${start}the certificate of its signer is not for OCSP`,
  );
  const expired = await authority.issue({ names: ["o"], isOcspSigner: true, days: -1 });
  assertEquals(
    check({ ...expired, isIncluded: true }),
    `${start}the certificate of its signer is not valid now`,
  );
  const foreign = await namesake.issue({ names: ["o"], isOcspSigner: true });
  assertEquals(
    check({ ...foreign, isIncluded: true }),
    `${start}the certificate's issuer has not certified its signer`,
  );
});

Deno.test("checkOcspResponse() cannot verify without the issuer's certificate", async () => {
  const authority = await Authority.make();
  const { certificate } = await authority.issue({ names: ["a.example"] });
  const now = new Date();
  const response = madeOcspResponse({ about: certificate, thisUpdate: now });
  const check = () => checkOcspResponse(response, certificate, { now, signature: true });
  assertThrows(check, OcspResponseError, "cannot be verified without the issuer's certificate");
});

Deno.test("checkOcspResponse() throws nothing but OcspResponseError", async () => {
  const authority = await Authority.make();
  const { certificate: about } = await authority.issue({ names: ["a.example"] });
  const chain = about + authority.certificate;
  const now = new Date();
  const delegate = await authority.issue({ names: ["ocsp"], isOcspSigner: true });
  const wanted: WantedResponse = { about, issuer: authority.certificate, thisUpdate: now };
  const whole = signedOcspResponse(wanted, { ...delegate, isIncluded: true });
  const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
  const changes = fc.array(change, { minLength: 1, maxLength: 3 });
  fc.assert(fc.property(changes, fc.boolean(), (changes, signature) => {
    const response = whole.slice();
    for (const [at, byte] of changes) response[at] = byte;
    try {
      checkOcspResponse(response, chain, { now, signature });
    } catch (error) {
      assert(error instanceof OcspResponseError, String(error));
    }
  }));
});

Deno.test("hitchResponseName() is the MD5 of the path", () => {
  assertEquals(hitchResponseName("a"), "0cc175b9c0f1b6a831c399e269772661");
});

/** What becomes of a response that somebody has signed: `good`, or why it is no use. */
async function signatures() {
  const authority = await Authority.make();
  const { certificate: about } = await authority.issue({ names: ["a.example"] });
  const now = new Date();
  const wanted: WantedResponse = { about, issuer: authority.certificate, thisUpdate: now };
  const check = (signer: Signer) => {
    const response = signedOcspResponse(wanted, signer);
    try {
      const chain = about + authority.certificate;
      return checkOcspResponse(response, chain, { now, signature: true }) && "good";
    } catch (error) {
      assert(error instanceof OcspResponseError, String(error));
      return error.message;
    }
  };
  return { authority, check };
}
