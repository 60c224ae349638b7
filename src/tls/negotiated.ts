/** Puts OpenSSL's facts about a handshake into the form that engines tell them in. */

import type { SslFacts } from "../runtime/openssl.ts";
import { Certificate } from "../x509/certificate.ts";
import { certificateAlgorithms } from "../x509/certificate_algorithms.ts";
import { firstCommonName } from "../x509/certificate_names.ts";
import type { Negotiated } from "./engine.ts";

/** What was agreed on, from what the library tells. */
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
    // The library has taken it: what it says of itself is no reason to lose the client.
    return undefined;
  }
}
