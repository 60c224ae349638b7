/** Puts OpenSSL's facts about a handshake into the form that engines tell them in. */

import type { SslFacts } from "../runtime/openssl.ts";
import { parsePem, pemOctets } from "../x509/pem.ts";
import { certificateAlgorithms } from "../x509/certificate_algorithms.ts";
import { commonName } from "../x509/certificate_fields.ts";
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
    const [certificate] = parsePem(pem);
    return certificate && commonName(pemOctets(certificate));
  } catch {
    // The library has taken it: what it says of itself is no reason to lose the client.
    return undefined;
  }
}
