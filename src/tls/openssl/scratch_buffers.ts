/**
 * Buffers for ciphertext that is on its way from a socket to OpenSSL: borrowed for one read, or for the reads
 * of one handshake, from a pool that all connections of a worker share.
 */

import { BufferPool } from "../../buffer_pool.ts";

/** Pools of the sizes that connections need. */
export class ScratchBuffers {
  /** For handshakes: a usual flight of a client fits. */
  readonly small = new BufferPool(4 << 10, 256);
  /** For bursts: as much as OpenSSL takes at once. */
  readonly large = new BufferPool(64 << 10, 32);
  #plaintext: Uint8Array | undefined;

  /** Where plaintext is lent from: one buffer for all, as much as one read of ciphertext can become. */
  get plaintext(): Uint8Array {
    return this.#plaintext ??= new Uint8Array(160 << 10);
  }
}
