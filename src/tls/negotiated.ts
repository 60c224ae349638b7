/** Converts OpenSSL's facts about a handshake into the form that all engines use. */

import type { SslFacts } from "../runtime/openssl.ts";
import { Certificate } from "../x509/certificate.ts";
import { certificateAlgorithms } from "../x509/certificate_algorithms.ts";
import { firstCommonName } from "../x509/certificate_names.ts";
import type { Negotiated } from "./engine.ts";

/** What was negotiated, from what the library reports. */
export function negotiated(
  { certificate, peerCertificate, verifyResult, ...facts }: SslFacts,
): Negotiated {
  return {
    ...facts,
    certificate: certificate && certificateAlgorithms(certificate),
    clientCertificate: peerCertificate === undefined
      ? undefined
      : { pem: peerCertificate, verifyResult, commonName: commonNameIn(peerCertificate) },
  };
}

function commonNameIn(pem: string): string | undefined {
  try {
    return firstCommonName(Certificate.parsePem(pem));
  } catch {
    // The library has accepted the certificate, so do not drop the client because its details cannot be parsed.
    return undefined;
  }
}
