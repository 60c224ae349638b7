/**
 * Checks OCSP responses (RFC 6960) before they are stapled: which certificate they are for, what they say, how long
 * they are valid, and whether an authorized signer has signed them.
 */

import { createHash } from "node:crypto";
import { DerFormatError } from "../x509/der.ts";
import { type OcspAnswer, type OcspSingleResponse, parseOcspResponse } from "./encoding.ts";
import { isOcspSigner, type OcspSubject, ocspSubject } from "./subject.ts";
import { isSameBytes, toHex } from "../wire/bytes.ts";
import { Certificate } from "../x509/certificate.ts";
import { publicKeyBits } from "../x509/key_algorithm.ts";
import { isSignedBy } from "../x509/signature.ts";

/** Thrown for a response that is unusable for the certificate; the message says why. */
export class OcspResponseError extends Error {
  override readonly name = "OcspResponseError";
  readonly kind: OcspFault;

  constructor(message: string, kind: OcspFault, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/**
 * Why a response is unusable: it is well-formed and says that the certificate is revoked, it is well-formed and not
 * valid now, or anything else.
 */
export type OcspFault = "revoked" | "untimely" | "unusable";

/** How long a response is valid. */
export interface OcspValidity {
  readonly thisUpdate: Date;
  /** Undefined if the response does not say. */
  readonly nextUpdate: Date | undefined;
}

/** How a response is checked. */
export interface OcspCheck {
  readonly now: Date;
  /** Whether its signature is checked; the chain must then have the issuer's certificate. */
  readonly signature: boolean;
}

/**
 * Checks that a response (DER) is about the first certificate of a chain (PEM), is valid now, and says that the
 * certificate is good. Throws {@linkcode OcspResponseError}.
 */
export function checkOcspResponse(
  response: Uint8Array,
  certificateChain: string,
  check: OcspCheck,
): OcspValidity {
  return checkOcspResponseFor(response, readSubject(certificateChain), check);
}

/** The same for a chain that has been parsed already. */
export function checkOcspResponseFor(
  response: Uint8Array,
  subject: OcspSubject,
  check: OcspCheck,
): OcspValidity {
  try {
    return checked(response, subject, check);
  } catch (error) {
    if (!(error instanceof DerFormatError)) throw error;
    throw new OcspResponseError("not an OCSP response in DER", "unusable", { cause: error });
  }
}

/** The name under which hitch stores the response for a PEM file: MD5 of its path, as configured. */
export function hitchResponseName(path: string): string {
  return createHash("md5").update(path).digest("hex");
}

function readSubject(certificateChain: string): OcspSubject {
  try {
    return ocspSubject(certificateChain);
  } catch (error) {
    if (!(error instanceof DerFormatError)) throw error;
    throw new OcspResponseError("the certificate cannot be read", "unusable", { cause: error });
  }
}

function checked(
  response: Uint8Array,
  subject: OcspSubject,
  { now, signature }: OcspCheck,
): OcspValidity {
  const answer = answerIn(response);
  const single = answer.responses.find((each) => isAbout(each, subject));
  if (single === undefined) {
    throw new OcspResponseError(
      "the OCSP response is not about this certificate (serial number " +
        `${toHex(subject.certificate.serialNumber)})`,
      "unusable",
    );
  }
  if (signature) checkSignature(answer, subject, now);
  const { status, thisUpdate, nextUpdate } = single;
  checkTimes(single, now);
  if (status !== "good") {
    const message = `the OCSP response says that the certificate is ${status}`;
    throw new OcspResponseError(message, status === "revoked" ? "revoked" : "unusable");
  }
  return { thisUpdate, nextUpdate };
}

function answerIn(response: Uint8Array): OcspAnswer {
  const { status, answer } = parseOcspResponse(response);
  if (answer !== undefined) return answer;
  throw new OcspResponseError(
    `the OCSP responder refused to answer (${REFUSALS[status] ?? "unknown"}, status ${status})`,
    "unusable",
  );
}

/** Without the issuer's certificate, its name and the serial number must suffice. */
function isAbout(single: OcspSingleResponse, { certificate, issuer }: OcspSubject): boolean {
  const hash = HASHES.get(single.hashAlgorithm);
  if (hash === undefined || !isSameBytes(single.serialNumber, certificate.serialNumber)) {
    return false;
  }
  const isHash = (digest: Uint8Array, bytes: Uint8Array) =>
    isSameBytes(digest, createHash(hash).update(bytes).digest());
  return isHash(single.issuerNameHash, certificate.issuer.whole) &&
    (issuer === undefined || isHash(single.issuerKeyHash, publicKeyBits(issuer.publicKey)));
}

/** RFC 6960 section 4.2.2.2: the issuer signs, or a signer that the issuer has certified for this purpose. */
function checkSignature(answer: OcspAnswer, { issuer }: OcspSubject, now: Date): void {
  if (issuer === undefined) {
    throw new OcspResponseError(
      "the signature of the OCSP response cannot be verified without the issuer's certificate, which is " +
        "not in the chain",
      "unusable",
    );
  }
  const signer = isResponder(issuer, answer)
    ? issuer
    : answer.certificates.map(Certificate.parse).find((each) => isResponder(each, answer));
  if (signer === undefined) throw refused("the certificate of its signer is not in the response");
  if (signer !== issuer) checkDelegate(signer, issuer, now);
  if (!isSignedBy(answer, signer.publicKey)) throw refused("it does not match");
}

function checkDelegate(signer: Certificate, issuer: Certificate, now: Date): void {
  if (
    !isSameBytes(signer.issuer.whole, issuer.subject.whole) || !isSignedBy(signer, issuer.publicKey)
  ) {
    throw refused("the certificate's issuer has not certified its signer");
  }
  if (!isOcspSigner(signer)) throw refused("the certificate of its signer is not for OCSP");
  if (now < signer.notBefore || now > signer.notAfter) {
    throw refused("the certificate of its signer is not valid now");
  }
}

function refused(reason: string): OcspResponseError {
  return new OcspResponseError(
    `the signature of the OCSP response is not valid: ${reason}`,
    "unusable",
  );
}

function isResponder(certificate: Certificate, { responder }: OcspAnswer): boolean {
  if ("name" in responder) return isSameBytes(responder.name, certificate.subject.whole);
  const key = publicKeyBits(certificate.publicKey);
  return isSameBytes(responder.keyHash, createHash("sha1").update(key).digest());
}

function checkTimes({ thisUpdate, nextUpdate }: OcspValidity, now: Date): void {
  if (thisUpdate.getTime() > now.getTime() + SKEW) {
    throw new OcspResponseError(
      `the OCSP response is not valid before ${thisUpdate.toISOString()}`,
      "untimely",
    );
  }
  if (nextUpdate !== undefined && nextUpdate <= now) {
    throw new OcspResponseError(
      `the OCSP response expired on ${nextUpdate.toISOString()}`,
      "untimely",
    );
  }
}

/** Milliseconds that the clock of a responder may be ahead of ours. */
const SKEW = 300_000;
/** OCSPResponseStatus. */
const REFUSALS: Readonly<Record<number, string>> = {
  1: "malformedRequest",
  2: "internalError",
  3: "tryLater",
  5: "sigRequired",
  6: "unauthorized",
};
/** By the object identifiers of the algorithms that make CertIDs. */
const HASHES = new Map([
  ["1.3.14.3.2.26", "sha1"],
  ["2.16.840.1.101.3.4.2.1", "sha256"],
  ["2.16.840.1.101.3.4.2.2", "sha384"],
  ["2.16.840.1.101.3.4.2.3", "sha512"],
]);
