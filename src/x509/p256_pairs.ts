/**
 * Verifies many P-256 key pairs together, which takes a small part of what the platforms take to derive as many public
 * keys: it matters with ten thousand files. For pairs (d, Q) and unpredictable r, it compares the sum of r·d·G with
 * that of r·Q; a wrong pair passes with probability 2^-30. It answers for all of them at once. Whoever needs to know
 * which one is wrong, and why, asks the platform. The curve is that of FIPS 186-4 section D.1.2.3.
 */

/** A private key, and the public key that it came with. */
export interface KeyPair {
  readonly secret: bigint;
  readonly x: bigint;
  readonly y: bigint;
}

/** Whether every public key is a point of the curve, and belongs to its private key. */
export function arePairs(pairs: readonly KeyPair[]): boolean {
  const factors = crypto.getRandomValues(new Uint32Array(pairs.length));
  let secrets = 0n;
  for (const [index, { secret, x, y }] of pairs.entries()) {
    if (secret <= 0n || secret >= ORDER || !isOnCurve(x, y)) return false;
    secrets += secret * BigInt(factorOf(factors[index]!));
  }
  return isSamePoint(multiple(secrets % ORDER), weightedSum(pairs, factors));
}

/** A point in Jacobian coordinates, x/z² and y/z³; undefined: the point at infinity. */
type Point = readonly [x: bigint, y: bigint, z: bigint] | undefined;

/** Two bits of the random 32 are not used. */
function factorOf(random: number): number {
  return random >>> (32 - DIGITS * DIGIT_BITS);
}

function isOnCurve(x: bigint, y: bigint): boolean {
  if (x >= PRIME || y >= PRIME) return false;
  return (y * y - (x * x - 3n) * x - B) % PRIME === 0n;
}

/** d·G, bit by bit. */
function multiple(factor: bigint): Point {
  let sum: Point;
  for (const bit of factor.toString(2)) {
    sum = doubled(sum);
    if (bit === "1") sum = withAffine(sum, GENERATOR.x, GENERATOR.y);
  }
  return sum;
}

/** Pippenger's method: points with the same digit are summed first, then each digit's sum is taken that many times. */
function weightedSum(pairs: readonly KeyPair[], factors: Uint32Array): Point {
  let sum: Point;
  for (let digit = DIGITS - 1; digit >= 0; digit--) {
    for (let bit = 0; bit < DIGIT_BITS; bit++) sum = doubled(sum);
    const buckets = new Array<Point>(1 << DIGIT_BITS).fill(undefined);
    for (const [index, { x, y }] of pairs.entries()) {
      const value = (factorOf(factors[index]!) >>> (digit * DIGIT_BITS)) & (buckets.length - 1);
      buckets[value] = withAffine(buckets[value], x, y);
    }
    let running: Point;
    // The first bucket counts zero times.
    for (let value = buckets.length - 1; value > 0; value--) {
      running = added(running, buckets[value]);
      sum = added(sum, running);
    }
  }
  return sum;
}

/** P + (x, y). */
function withAffine(point: Point, x: bigint, y: bigint): Point {
  return point === undefined ? [x, y, 1n] : added(point, [x, y, 1n]);
}

/** The formulas are `add-2007-bl` of the Explicit-Formulas Database, without what is zero for z = 1. */
function added(one: Point, other: Point): Point {
  if (one === undefined) return other;
  if (other === undefined) return one;
  const [x1, y1, z1] = one;
  const [x2, y2, z2] = other;
  const isAffine = z2 === 1n;
  const z1z1 = z1 * z1 % PRIME;
  const z2z2 = isAffine ? 1n : z2 * z2 % PRIME;
  const u1 = isAffine ? x1 : x1 * z2z2 % PRIME;
  const s1 = isAffine ? y1 : y1 * (z2 * z2z2 % PRIME) % PRIME;
  const h = x2 * z1z1 % PRIME - u1;
  const r = y2 * (z1 * z1z1 % PRIME) % PRIME - s1;
  if (h % PRIME === 0n) return r % PRIME === 0n ? doubled(one) : undefined;
  const hh = h * h % PRIME;
  const hhh = h * hh % PRIME;
  const v = u1 * hh % PRIME;
  const x3 = (r * r - hhh - 2n * v) % PRIME;
  return [x3, (r * (v - x3) - s1 * hhh) % PRIME, (isAffine ? z1 : z1 * z2) * h % PRIME];
}

/** `dbl-2001-b`, for curves with a = -3. No point of this curve has y = 0, for its order is odd. */
function doubled(point: Point): Point {
  if (point === undefined) return undefined;
  const [x, y, z] = point;
  const delta = z * z % PRIME;
  const gamma = y * y % PRIME;
  const beta = x * gamma % PRIME;
  const alpha = 3n * (x - delta) * (x + delta) % PRIME;
  const x3 = (alpha * alpha - 8n * beta) % PRIME;
  return [x3, (alpha * (4n * beta - x3) - 8n * gamma * gamma) % PRIME, 2n * y * z % PRIME];
}

function isSamePoint(one: Point, other: Point): boolean {
  if (one === undefined || other === undefined) return one === other;
  const [x1, y1, z1] = one;
  const [x2, y2, z2] = other;
  const [z1z1, z2z2] = [z1 * z1 % PRIME, z2 * z2 % PRIME];
  return (x1 * z2z2 - x2 * z1z1) % PRIME === 0n &&
    (y1 * z2z2 * z2 - y2 * z1z1 * z1) % PRIME === 0n;
}

const PRIME = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const GENERATOR = {
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
};
/** Digits of a factor, and bits of a digit. More bits cost more per sum of a digit, and less per pair. */
const DIGITS = 5;
const DIGIT_BITS = 6;
