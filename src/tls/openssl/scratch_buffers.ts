/**
 * Buffers for ciphertext on its way from a socket to OpenSSL. They are borrowed for one read, or for the reads of
 * one handshake, from a pool that all connections of a worker share.
 */

import { BufferPool } from "../../runtime/buffer_pool.ts";

/** Pools of the sizes that connections need. */
export class ScratchBuffers {
  /** For handshakes: large enough for a usual client flight. */
  readonly small = new BufferPool(4 << 10, 256);
  /** For bursts: as much as OpenSSL takes at once. */
  readonly large = new BufferPool(64 << 10, 32);
  #plaintext: Uint8Array | undefined;

  /** The buffer that plaintext is lent from: one for all, as large as the plaintext of one ciphertext read can be. */
  get plaintext(): Uint8Array {
    return this.#plaintext ??= new Uint8Array(160 << 10);
  }
}
