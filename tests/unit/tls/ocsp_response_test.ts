/** Stored OCSP responses, before they are stapled. */

import fc from "fast-check";
import {
  checkOcspResponse,
  hitchResponseName,
  OcspResponseError,
} from "../../../src/tls/ocsp_response.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { made, TODAY } from "../../support/made_certificates.ts";
import { madeOcspResponse, refusedOcspResponse } from "../../support/made_ocsp_responses.ts";

const WEEK = new Date(TODAY.getTime() + 7 * 86_400_000);

Deno.test("checkOcspResponse() tells until when a response holds", async () => {
  const { certificate } = await made({ serialNumber: "00c0ffee" });
  const about = { serialNumber: "00c0ffee", thisUpdate: TODAY };
  const until = (response: Uint8Array) => checkOcspResponse(response, certificate);
  assertEquals(await until(madeOcspResponse({ ...about, nextUpdate: WEEK })), WEEK);
  assertEquals(await until(madeOcspResponse(about)), undefined);
});

Deno.test("checkOcspResponse() says why a response is no use", async () => {
  const { certificate } = await made({ serialNumber: "0102" });
  const about = { serialNumber: "0102", thisUpdate: TODAY, nextUpdate: WEEK };
  const cases: [response: Uint8Array, message: string][] = [
    [
      madeOcspResponse({ ...about, serialNumber: "0103" }),
      "the OCSP response is not about this certificate (serial number 0102)",
    ],
    [
      madeOcspResponse({ ...about, status: "revoked" }),
      "the OCSP response says that the certificate is revoked",
    ],
    [
      madeOcspResponse({ ...about, status: "unknown" }),
      "the OCSP response says that the certificate is unknown",
    ],
    [refusedOcspResponse(6), "the OCSP responder refused to answer (unauthorized, status 6)"],
    [refusedOcspResponse(3), "the OCSP responder refused to answer (tryLater, status 3)"],
    [new TextEncoder().encode(certificate), "not an OCSP response in DER"],
    [new Uint8Array(), "not an OCSP response in DER"],
    [madeOcspResponse(about).slice(0, -1), "not an OCSP response in DER"],
  ];
  for (const [response, message] of cases) {
    const check = () => checkOcspResponse(response, certificate);
    assertEquals((await assertRejects(check, OcspResponseError)).message, message);
  }
});

Deno.test("checkOcspResponse() throws nothing but OcspResponseError", async () => {
  const { certificate } = await made();
  const whole = madeOcspResponse({ serialNumber: "0102", thisUpdate: TODAY });
  const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
  await fc.assert(fc.asyncProperty(fc.array(change, { maxLength: 3 }), async (changes) => {
    const response = whole.slice();
    for (const [at, octet] of changes) response[at] = octet;
    try {
      await checkOcspResponse(response, certificate);
    } catch (error) {
      assert(error instanceof OcspResponseError, String(error));
    }
  }));
});

Deno.test("hitchResponseName() is the MD5 of the path", () => {
  assertEquals(hitchResponseName("a"), "0cc175b9c0f1b6a831c399e269772661");
});
