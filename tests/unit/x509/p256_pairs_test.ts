/** P-256 key pairs, against those that the platform makes. */

import { createECDH } from "node:crypto";
import { arePairs, type KeyPair } from "../../../src/x509/p256_pairs.ts";
import { assertEquals } from "../../support/assert.ts";

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`);
}

/** A pair with this private number. */
function pairOf(secret: bigint): KeyPair {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(secret.toString(16).padStart(64, "0"), "hex");
  const point = new Uint8Array(ecdh.getPublicKey());
  return { secret, x: numberOf(point.subarray(1, 33)), y: numberOf(point.subarray(33)) };
}

function anyPair(): KeyPair {
  return pairOf(numberOf(crypto.getRandomValues(new Uint8Array(31))) + 1n);
}

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const PRIME = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;

Deno.test("arePairs() agrees with the platform, also about the smallest and largest numbers", () => {
  assertEquals(arePairs([]), true);
  for (const secret of [1n, 2n, 3n, ORDER - 2n, ORDER - 1n]) {
    assertEquals(arePairs([pairOf(secret)]), true, String(secret));
  }
  // Their sums pass through equal and opposite points.
  assertEquals(arePairs([1n, 1n, 1n, ORDER - 1n, 2n, ORDER - 2n].map(pairOf)), true);
  for (const count of [2, 65, 300]) {
    assertEquals(arePairs(Array.from({ length: count }, anyPair)), true, String(count));
  }
});

Deno.test("arePairs() refuses one wrong pair among many", () => {
  const pairs = Array.from({ length: 40 }, anyPair);
  const [one, other] = pairs as [KeyPair, KeyPair];
  const wrong: KeyPair[] = [
    { ...one, secret: one.secret ^ 1n },
    { ...one, y: PRIME - one.y },
    { ...one, y: one.y ^ 1n },
    { ...one, x: one.x + PRIME },
    { ...one, secret: one.secret + ORDER },
    { ...one, secret: 0n },
  ];
  for (const pair of wrong) assertEquals(arePairs([...pairs, pair]), false);
  const exchanged = [{ ...one, secret: other.secret }, { ...other, secret: one.secret }];
  assertEquals(arePairs([...exchanged, ...pairs.slice(2)]), false);
});
