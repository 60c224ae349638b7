/**
 * Derives keys from a secret: HMAC (RFC 2104) and HKDF (RFC 5869) with SHA-256, for the few bytes that a worker derives
 * per day. The platform's own would cost a worker 35 ms and 4 MB at its start. The running time depends only on the
 * lengths, so it reveals nothing about the secret.
 */

import { joinBytes } from "./bytes.ts";
import { sha256 } from "./sha256.ts";

/** Up to 8,160 bytes from a secret that is hard to guess, without a salt. Each `info` gives different bytes. */
export function hkdf(secret: Uint8Array, info: string, length: number): Uint8Array<ArrayBuffer> {
  const key = hmac(new Uint8Array(DIGEST), secret);
  const label = new TextEncoder().encode(info);
  const blocks = Math.ceil(length / DIGEST);
  const output = new Uint8Array(blocks * DIGEST);
  let previous = new Uint8Array();
  for (let block = 0; block < blocks; block++) {
    previous = hmac(key, joinBytes(previous, label, Uint8Array.of(block + 1)));
    output.set(previous, block * DIGEST);
  }
  return output.slice(0, length);
}

function hmac(key: Uint8Array, message: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(BLOCK);
  padded.set(key.length > BLOCK ? sha256(key) : key);
  const inner = sha256(joinBytes(padded.map((byte) => byte ^ 0x36), message));
  return sha256(joinBytes(padded.map((byte) => byte ^ 0x5c), inner));
}

/** Bytes. */
const BLOCK = 64;
const DIGEST = 32;
