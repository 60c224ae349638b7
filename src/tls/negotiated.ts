/** Puts OpenSSL's facts about a handshake into the form that engines tell them in. */

import type { SslFacts } from "../runtime/openssl.ts";
import type { Negotiated } from "./engine.ts";

/** What was agreed on, from what the library tells. */
export function negotiated({ peerCertificate, verifyResult, ...facts }: SslFacts): Negotiated {
  return {
    ...facts,
    clientCertificate: peerCertificate === undefined
      ? undefined
      : { pem: peerCertificate, verifyResult },
  };
}
