/** OCSP responses (RFC 6960) that a test makes for itself, octet by octet, signed by whom it likes or by nobody. */

import { createHash, createPrivateKey, sign } from "node:crypto";
import { Certificate } from "../../src/x509/certificate.ts";
import { publicKeyBits } from "../../src/x509/key_algorithm.ts";
import { parsePem, pemBytes } from "../../src/x509/pem.ts";

/** What is particular to a response. */
export interface WantedResponse {
  /** The certificate it is about, PEM. */
  readonly about: string;
  /** In hexadecimal, instead of the certificate's. */
  readonly serialNumber?: string;
  /** The certificate's issuer, PEM; without it the issuer's key is not named. */
  readonly issuer?: string;
  readonly hash?: "sha1" | "sha256";
  readonly status?: "good" | "revoked" | "unknown";
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
}

/** Who signs a response. */
export interface Signer {
  /** PEM text of an EC or RSA key. */
  readonly key: string;
  /** PEM. */
  readonly certificate: string;
  /** Whether the certificate comes along. */
  readonly isIncluded?: boolean;
  /** How the signer is named; default: by its key. */
  readonly isNamed?: boolean;
}

/** A response in DER with a signature of no value. */
export function madeOcspResponse(wanted: WantedResponse): Uint8Array {
  const responder = der(0xa2, der(0x04, new Uint8Array(20)));
  return whole(responseData(wanted, responder), RSA_SHA256, new Uint8Array(8));
}

/** A response in DER that somebody has signed. */
export function signedOcspResponse(
  wanted: WantedResponse,
  { key, certificate, isIncluded = false, isNamed = false }: Signer,
): Uint8Array {
  const { publicKey, subject } = fields(certificate);
  const responder = isNamed
    ? der(0xa1, subject.whole)
    : der(0xa2, der(0x04, digest("sha1", publicKeyBits(publicKey))));
  const data = responseData(wanted, responder);
  const privateKey = createPrivateKey(key);
  return whole(
    data,
    privateKey.asymmetricKeyType === "rsa" ? RSA_SHA256 : ECDSA_SHA256,
    new Uint8Array(sign("sha256", data, privateKey)),
    isIncluded ? [pemBytes(parsePem(certificate)[0]!)] : [],
  );
}

/** A refusal, for example status 6, `unauthorized`. */
export function refusedOcspResponse(status: number): Uint8Array {
  return der(0x30, der(0x0a, new Uint8Array([status])));
}

/** One element of DER. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = parts.flatMap((part) => [...part]);
  const { length } = content;
  const size = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : [0x82, length >> 8, length & 0xff];
  return new Uint8Array([tag, ...size, ...content]);
}

function responseData(wanted: WantedResponse, responder: Uint8Array): Uint8Array {
  const { about, issuer, hash = "sha1", status = "good", thisUpdate, nextUpdate } = wanted;
  const certificate = fields(about);
  const serialNumber = wanted.serialNumber === undefined
    ? certificate.serialNumber
    : hex(wanted.serialNumber);
  const key = issuer === undefined ? undefined : publicKeyBits(fields(issuer).publicKey);
  const certificateId = der(
    0x30,
    algorithm(hash === "sha1" ? "2b0e03021a" : "608648016503040201"),
    der(0x04, digest(hash, certificate.issuer.whole)),
    der(0x04, key === undefined ? new Uint8Array(20) : digest(hash, key)),
    der(0x02, serialNumber),
  );
  const certificateStatus = {
    good: () => der(0x80),
    revoked: () => der(0xa1, time(thisUpdate)),
    unknown: () => der(0x82),
  }[status]();
  const next = nextUpdate === undefined ? [] : [der(0xa0, time(nextUpdate))];
  const single = der(0x30, certificateId, certificateStatus, time(thisUpdate), ...next);
  return der(0x30, responder, time(thisUpdate), der(0x30, single));
}

function whole(
  data: Uint8Array,
  signatureAlgorithm: Uint8Array,
  signature: Uint8Array,
  certificates: readonly Uint8Array[] = [],
): Uint8Array {
  const basic = der(
    0x30,
    data,
    signatureAlgorithm,
    der(0x03, new Uint8Array(1), signature),
    ...certificates.length === 0 ? [] : [der(0xa0, der(0x30, ...certificates))],
  );
  const type = der(0x06, hex("2b0601050507300101"));
  return der(
    0x30,
    der(0x0a, new Uint8Array(1)),
    der(0xa0, der(0x30, type, der(0x04, basic))),
  );
}

function fields(pem: string) {
  return Certificate.parsePem(pem);
}

function algorithm(identifier: string): Uint8Array {
  return der(0x30, der(0x06, hex(identifier)), der(0x05));
}

function digest(hash: string, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(hash).update(bytes).digest());
}

/** GeneralizedTime. */
function time(date: Date): Uint8Array {
  const text = date.toISOString().replace(/\.\d+/, "").replaceAll(/[-:T]/g, "");
  return der(0x18, new TextEncoder().encode(text));
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g)!, (pair) => parseInt(pair, 16));
}

const RSA_SHA256 = algorithm("2a864886f70d01010b");
const ECDSA_SHA256 = der(0x30, der(0x06, hex("2a8648ce3d040302")));
