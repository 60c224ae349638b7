/**
 * Private keys that state their public key, which is that of their certificate. Whether both belong together can then
 * be verified without the platform, whose libraries take 0.2 to 2 ms for a key: it matters with ten thousand files. Only
 * P-256 and RSA keys are understood, in the one form that every program writes. All else is left to the platform, and
 * so is every fault, because it explains what is wrong.
 */

import { isSameBytes, joinBytes, toHex } from "../wire/bytes.ts";
import { derSequence, DerTag, encodeDer, expectDer, readDer } from "./der.ts";
import { publicKeyBits } from "./key_algorithm.ts";
import { arePairs, type KeyPair } from "./p256_pairs.ts";
import { type PemBlock, pemBytes } from "./pem.ts";

/** Collects keys that are to be verified together. */
export class StatedKeys {
  readonly #pairs: KeyPair[] = [];

  /**
   * Whether a private key states this public key (SubjectPublicKeyInfo, DER), and they belong together if
   * {@linkcode StatedKeys.areRight} says so in the end. If not, nothing is known about the key.
   */
  take(block: PemBlock, publicKey: Uint8Array): boolean {
    // Headers may say that it is encrypted.
    if (block.text.includes(":")) return false;
    try {
      const der = pemBytes(block);
      return this.#takeEc(block.label, der, publicKey) || isRsaPair(block.label, der, publicKey);
    } catch {
      return false;
    }
  }

  /** Whether all keys taken belong to their public keys. If not, ask the platform about each of them. */
  areRight(): boolean {
    return arePairs(this.#pairs);
  }

  #takeEc(label: string, der: Uint8Array, publicKey: Uint8Array): boolean {
    const form = EC_FORMS[label];
    if (form === undefined || der.length !== form.length) return false;
    const secretAt = form.start.length;
    const middleAt = secretAt + FIELD_BYTES;
    const pointAt = middleAt + form.middle.length;
    const isForm = isSameBytes(der.subarray(0, secretAt), form.start) &&
      isSameBytes(der.subarray(middleAt, pointAt), form.middle);
    const point = der.subarray(pointAt);
    if (!isForm || !isSameBytes(publicKey, joinBytes(P256_PUBLIC_KEY, point))) return false;
    this.#pairs.push({
      secret: numberOf(der.subarray(secretAt, middleAt)),
      x: numberOf(point.subarray(0, FIELD_BYTES)),
      y: numberOf(point.subarray(FIELD_BYTES)),
    });
    return true;
  }
}

/** RFC 8017 section 3.2: the modulus is the product, and every other number fits its primes. */
function isRsaPair(label: string, der: Uint8Array, publicKey: Uint8Array): boolean {
  const pkcs1 = label === "RSA PRIVATE KEY"
    ? der
    : label === "PRIVATE KEY"
    ? expectDer(derSequence(readDer(der))[2], DerTag.octetString).content
    : new Uint8Array();
  const fields = derSequence(readDer(pkcs1)).map((one) => expectDer(one, DerTag.integer).content);
  // Libraries disagree about encodings that are not strict, so those are not understood here.
  const strict = encodeDer(
    DerTag.sequence,
    ...fields.map((content) => encodeDer(DerTag.integer, content)),
  );
  const whole = pkcs1 === der ? strict : encodeDer(
    DerTag.sequence,
    VERSION_0,
    RSA_ALGORITHM,
    encodeDer(DerTag.octetString, strict),
  );
  if (fields.length !== 9 || !isSameBytes(whole, der) || !fields.every(isPlain)) return false;
  const [version, n, e, d, p, q, dp, dq, inverse] = fields.map(numberOf) as RsaNumbers;
  const stated = encodeDer(
    DerTag.sequence,
    ...fields.slice(1, 3).map((content) => {
      return encodeDer(DerTag.integer, content);
    }),
  );
  const bits = publicKeyBits(publicKey);
  const ofCertificate = encodeDer(
    DerTag.sequence,
    RSA_ALGORITHM,
    encodeDer(DerTag.bitString, Uint8Array.of(0), bits),
  );
  if (!isSameBytes(bits, stated) || !isSameBytes(publicKey, ofCertificate)) return false;
  const isUsual = version === 0n && n >> MIN_BITS !== 0n && n >> MAX_BITS === 0n &&
    e > 2n && e < 1n << 32n && p > 2n && q > 2n && d < n;
  return isUsual && n === p * q && d * e % (p - 1n) === 1n && d * e % (q - 1n) === 1n &&
    dp === d % (p - 1n) && dq === d % (q - 1n) && inverse < p && inverse * q % p === 1n;
}

type RsaNumbers = [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];

/** Whether an INTEGER is not negative and has no needless zero. */
function isPlain(content: Uint8Array): boolean {
  const [first = 0x80, second] = content;
  return first < 0x80 && (first > 0 || second === undefined || second >= 0x80);
}

function numberOf(bytes: Uint8Array): bigint {
  if (bytes.length !== FIELD_BYTES) return BigInt(`0x${toHex(bytes)}`);
  const { buffer, byteOffset } = bytes;
  const view = new DataView(buffer, byteOffset);
  const high = view.getBigUint64(0) << 64n | view.getBigUint64(8);
  return high << 128n | view.getBigUint64(16) << 64n | view.getBigUint64(24);
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g)!, (digits) => parseInt(digits, 16));
}

interface EcForm {
  /** What is before the private number. */
  readonly start: Uint8Array;
  /** What is between it and the coordinates, which are at the end. */
  readonly middle: Uint8Array;
  /** Of all. */
  readonly length: number;
}

function ecForm(start: string, middle: string): EcForm {
  const form = { start: bytesOf(start), middle: bytesOf(middle) };
  return { ...form, length: form.start.length + form.middle.length + 3 * FIELD_BYTES };
}

/** Bytes of a number or coordinate of P-256. */
const FIELD_BYTES = 32;
const P256 = "06082a8648ce3d030107";
const EC_ALGORITHM = `301306072a8648ce3d0201${P256}`;
/** Field 1 of RFC 5915, up to the coordinates of an uncompressed point. */
const STATED = "a14403420004";
/** RFC 5915, in PKCS #8 (RFC 5958) without the parameters and alone with them, by label. */
const EC_FORMS: Readonly<Record<string, EcForm>> = {
  "PRIVATE KEY": ecForm(`308187020100${EC_ALGORITHM}046d306b0201010420`, STATED),
  "EC PRIVATE KEY": ecForm("30770201010420", `a00a${P256}${STATED}`),
};
/** A SubjectPublicKeyInfo, up to the coordinates. */
const P256_PUBLIC_KEY = bytesOf(`3059${EC_ALGORITHM}03420004`);
const VERSION_0 = bytesOf("020100");
const RSA_ALGORITHM = bytesOf("300d06092a864886f70d0101010500");
/** Platforms differ about RSA keys with fewer or more bits. */
const MIN_BITS = 1023n;
const MAX_BITS = 4096n;
