/** What the supervisor must know to keep OCSP responses fresh, from settings and certificates. */

import type { Settings } from "../config/settings.ts";
import { ENGINES } from "../tls/engines.ts";
import type { CertificateFacts } from "../x509/certificate_file.ts";

/** Of an OCSP response. */
export interface OcspOrigin {
  /** Whether the operator has named its file. */
  readonly isNamed: boolean;
  /** Undefined if there is none, or the response does not say. */
  readonly nextUpdate: Date | undefined;
}

/** A certificate, and the response that it has or may get. */
export interface StaplableCertificate
  extends Pick<CertificateFacts, "source" | "fingerprint" | "certificateChain"> {
  /** An OCSP response to staple (RFC 6960, DER), in base64. */
  readonly ocspResponse?: string;
  /** Where its response is from, or would be if it were usable. */
  readonly ocspOrigin?: OcspOrigin;
  /** Nothing can be fetched for it. */
  readonly namesNoResponder?: true;
}

/** A certificate that has a response, or may get one. */
export interface StapledCertificate {
  /** The file it came from: responses are stored by its path. */
  readonly source: string;
  /** SHA-256 of the certificate itself (DER), in hexadecimal. */
  readonly fingerprint: string;
  /** PEM text. */
  readonly certificateChain: string;
  /** What is stapled from the start, DER in base64. */
  readonly ocspResponse: string | undefined;
  readonly nextUpdate: Date | undefined;
  /** Whether the operator has named the file of the response, so that none is fetched. */
  readonly isNamed: boolean;
}

/** What is to be kept fresh, and how. Times are in milliseconds. */
export interface StaplingPlan {
  readonly certificates: readonly StapledCertificate[];
  /** Where responses are stored; empty: none are fetched. */
  readonly directory: string;
  readonly connectTimeout: number;
  readonly responseTimeout: number;
  readonly refreshInterval: number;
}

/** The plan for the certificates that are served, or undefined where the engine staples nothing. */
export function staplingPlan(
  certificates: readonly StaplableCertificate[],
  { tlsLibrary, ocsp }: Pick<Settings, "tlsLibrary" | "ocsp">,
): StaplingPlan | undefined {
  if (ENGINES[tlsLibrary.name].staples === "none") return undefined;
  return {
    certificates: certificates.flatMap(
      ({ source, fingerprint, certificateChain, ocspResponse, ocspOrigin, namesNoResponder }) => {
        if (fingerprint === undefined) return [];
        // Of ten thousand, that may be all.
        if (namesNoResponder && ocspOrigin === undefined) return [];
        const { isNamed = false, nextUpdate } = ocspOrigin ?? {};
        return [{ source, fingerprint, certificateChain, ocspResponse, nextUpdate, isNamed }];
      },
    ),
    directory: ocsp.directory,
    connectTimeout: ocsp.connectTimeout * 1000,
    responseTimeout: ocsp.responseTimeout * 1000,
    refreshInterval: ocsp.refreshInterval * 1000,
  };
}
