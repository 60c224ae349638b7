/**
 * Facts about certificates that only the status needs: issuer, kind of key, and the dates of OCSP responses.
 * They are parsed once for each certificate, and what is the same in every answer is written once.
 */

import type { PlannedCertificate } from "../plan/planned_certificate.ts";
import { checkOcspResponse } from "../ocsp/response.ts";
import { fromBase64 } from "../wire/base64.ts";
import { Certificate } from "../x509/certificate.ts";
import { distinguishedName } from "../x509/distinguished_name.ts";
import { certificateAlgorithms } from "../x509/certificate_algorithms.ts";
import { labelsText } from "./openmetrics.ts";

/** Facts of one certificate. */
export interface CertificateFacts {
  readonly issuer: string;
  readonly keyType: string;
  /** ISO 8601. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** Its labels in metrics, as `labelsText` writes them. */
  readonly labels: string;
}

/** The dates of an OCSP response. */
export interface OcspDates {
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
}

/** Remembers them for as long as the certificates are served. */
export class CertificateFactsCache {
  readonly #facts = new WeakMap<PlannedCertificate, CertificateFacts>();
  /** By certificate; the response is the one that the dates are of. */
  readonly #dates = new WeakMap<
    PlannedCertificate,
    { readonly response: string; readonly dates: OcspDates | undefined }
  >();

  /** The facts of a certificate. */
  of(certificate: PlannedCertificate): CertificateFacts {
    const known = this.#facts.get(certificate);
    if (known !== undefined) return known;
    const facts = factsOf(certificate);
    this.#facts.set(certificate, facts);
    return facts;
  }

  /** The dates of a response (DER, in base64) for a certificate; undefined if it cannot be read. */
  ocspDates(certificate: PlannedCertificate, response: string, now: Date): OcspDates | undefined {
    const known = this.#dates.get(certificate);
    if (known?.response === response) return known.dates;
    const dates = datesOf(certificate, response, now);
    this.#dates.set(certificate, { response, dates });
    return dates;
  }
}

function factsOf(certificate: PlannedCertificate): CertificateFacts {
  const { names: [name = ""], fingerprint = "", notBefore, notAfter } = certificate;
  return {
    ...keyAndIssuer(certificate),
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    labels: labelsText({ name, fingerprint }),
  };
}

function keyAndIssuer(
  certificate: PlannedCertificate,
): Pick<CertificateFacts, "issuer" | "keyType"> {
  const key = certificateAlgorithms(certificate).key ?? certificate.keyType;
  const keyType = key.replace(/^RSA(?=\d)/, "RSA ").replace(/^EC(?=\d)/, "ECDSA P-");
  try {
    const { issuer } = Certificate.parsePem(certificate.certificateChain);
    return { issuer: distinguishedName(issuer), keyType };
  } catch {
    return { issuer: "", keyType };
  }
}

function datesOf(
  { certificateChain }: PlannedCertificate,
  response: string,
  now: Date,
): OcspDates | undefined {
  try {
    return checkOcspResponse(fromBase64(response), certificateChain, { now, signature: false });
  } catch {
    return undefined;
  }
}
