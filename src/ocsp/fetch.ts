/** Asks an OCSP responder about one certificate over HTTP (RFC 6960 appendix A, RFC 5019) and checks its answer. */

import type { Cancellation } from "../runtime/cancellation.ts";
import type { HttpAnswer, Runtime } from "../runtime/runtime.ts";
import { checkOcspResponseFor, OcspResponseError, type OcspValidity } from "./response.ts";
import { ocspCertificateId } from "./subject.ts";
import type { Certificate } from "../x509/certificate.ts";
import { toBase64 } from "../wire/base64.ts";
import { encodeOcspRequest } from "./encoding.ts";

/** The certificate to ask about, and the responder to ask. */
export interface OcspQuestion {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly responder: URL;
  /** Milliseconds for a connection. */
  readonly connectTimeout: number;
  /** Milliseconds for each request. */
  readonly timeout: number;
  readonly cancellation: Cancellation;
}

/** A response whose signature has been verified. */
export interface FetchedResponse {
  /** DER. */
  readonly bytes: Uint8Array;
  /** Undefined if it says that the certificate is revoked. */
  readonly validity: OcspValidity | undefined;
}

/**
 * Fetches the response. A short request is sent by GET, because caches can answer it. If the answer is unusable, the
 * request is sent again by POST: some responders know only POST, and some caches hold an old answer. Rejects with an
 * error whose message is the reason in an operator's words.
 */
export async function fetchOcspResponse(
  question: OcspQuestion,
  runtime: Pick<Runtime, "network" | "clock">,
): Promise<FetchedResponse> {
  const request = encodeOcspRequest(ocspCertificateId(question.certificate, question.issuer));
  const { responder } = question;
  const url = new URL(responder);
  url.pathname += `${url.pathname.endsWith("/") ? "" : "/"}${
    encodeURIComponent(toBase64(request))
  }`;
  const look = (answer: HttpAnswer) => lookAt(answer, question, runtime.clock.date());
  if (responder.search === "" && url.href.length <= MAX_BY_GET) {
    const answer = await ask(question, url, undefined, runtime);
    try {
      return look(answer);
    } catch {
      // The answer to POST shows what is wrong, if anything is.
    }
  }
  return look(await ask(question, responder, request, runtime));
}

function ask(
  { connectTimeout, timeout, cancellation }: OcspQuestion,
  url: URL,
  request: Uint8Array | undefined,
  { network }: Pick<Runtime, "network">,
): Promise<HttpAnswer> {
  const type = { "Content-Type": "application/ocsp-request" };
  return network.request({
    ...request === undefined
      ? { method: "GET", headers: ACCEPT }
      : { method: "POST", headers: { ...ACCEPT, ...type }, body: request },
    url,
    connectTimeout,
    timeout,
    limit: MAX_BYTES,
    cancellation,
  });
}

function lookAt({ status, body }: HttpAnswer, question: OcspQuestion, now: Date): FetchedResponse {
  if (status !== 200) throw new Error(`HTTP status ${status}`);
  try {
    const validity = checkOcspResponseFor(body, question, { now, signature: true });
    return { bytes: body, validity };
  } catch (error) {
    const isRevoked = error instanceof OcspResponseError && error.kind === "revoked";
    if (isRevoked) return { bytes: body, validity: undefined };
    throw error;
  }
}

const ACCEPT = { Accept: "application/ocsp-response" };
/** Of the URL (RFC 5019 section 5). */
const MAX_BY_GET = 255;
const MAX_BYTES = 64 << 10;
