/** What OCSP must know about a certificate: its name there, the authorized signers, and the responders to ask. */

import { createHash } from "node:crypto";
import { derIdentifier, derSequence, readDer } from "../x509/der.ts";
import type { OcspCertificateId } from "./encoding.ts";
import { parsePem, pemBytes } from "../x509/pem.ts";
import { isSameBytes } from "../wire/bytes.ts";
import { Certificate } from "../x509/certificate.ts";
import { publicKeyBits } from "../x509/key_algorithm.ts";
import { isSignedBy } from "../x509/signature.ts";

/** A certificate, and its issuer. */
export interface OcspSubject {
  readonly certificate: Certificate;
  /** Undefined if the chain has no certificate that has signed it. */
  readonly issuer: Certificate | undefined;
}

/** The first certificate of a chain (PEM), with its issuer. Throws {@linkcode DerFormatError}. */
export function ocspSubject(certificateChain: string): OcspSubject {
  const [leaf, ...chain] = parsePem(certificateChain).map(pemBytes);
  const certificate = Certificate.parse(leaf!);
  for (const bytes of chain) {
    const issuer = Certificate.parse(bytes);
    const isNamed = isSameBytes(issuer.subject.whole, certificate.issuer.whole);
    if (isNamed && isSignedBy(certificate, issuer.publicKey)) return { certificate, issuer };
  }
  return { certificate, issuer: undefined };
}

/** How requests name it; `hash` is the name of a hash in node:crypto. */
export function ocspCertificateId(
  certificate: Certificate,
  issuer: Certificate,
  hash = "sha1",
): OcspCertificateId {
  const digest = (bytes: Uint8Array) => new Uint8Array(createHash(hash).update(bytes).digest());
  return {
    issuerNameHash: digest(certificate.issuer.whole),
    issuerKeyHash: digest(publicKeyBits(issuer.publicKey)),
    serialNumber: certificate.serialNumber,
  };
}

/**
 * The responders that a certificate names, in its order, http and https alone (authorityInfoAccess, RFC 5280
 * section 4.2.2.1).
 */
export function ocspResponders(certificate: Certificate): URL[] {
  const value = certificate.extension(AUTHORITY_INFO_ACCESS);
  if (value === undefined) return [];
  return derSequence(readDer(value)).map(derSequence).flatMap(([method, location]) => {
    if (derIdentifier(method) !== ID_AD_OCSP || location?.tag !== URI) return [];
    const url = asUrl(new TextDecoder().decode(location.content));
    return url !== undefined && /^https?:$/.test(url.protocol) ? [url] : [];
  });
}

/** Whether a certificate is one for signing OCSP responses (RFC 6960 section 4.2.2.2). */
export function isOcspSigner(certificate: Certificate): boolean {
  const value = certificate.extension(EXTENDED_KEY_USAGE);
  return value !== undefined &&
    derSequence(readDer(value)).some((purpose) => derIdentifier(purpose) === ID_KP_OCSP_SIGNING);
}

function asUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

const AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1";
const EXTENDED_KEY_USAGE = "2.5.29.37";
const ID_AD_OCSP = "1.3.6.1.5.5.7.48.1";
const ID_KP_OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";
/** `uniformResourceIdentifier` of GeneralName. */
const URI = 0x86;
