/**
 * Buffers for ciphertext that is on its way from a socket to OpenSSL: borrowed for one read, or for the reads
 * of one handshake, from a pool that all connections of a worker share.
 */

/** Pools of the sizes that connections need. */
export class ScratchBuffers {
  /** For handshakes: a usual flight of a client fits. */
  readonly small = new BufferPool(4 << 10, 256);
  /** For bursts: as much as OpenSSL takes at once. */
  readonly large = new BufferPool(64 << 10, 32);
}

/** Spare buffers of one size in octets. */
export class BufferPool {
  readonly size: number;
  readonly #most: number;
  readonly #spare: Uint8Array[] = [];

  constructor(size: number, most: number) {
    this.size = size;
    this.#most = most;
  }

  take(): Uint8Array {
    return this.#spare.pop() ?? new Uint8Array(this.size);
  }

  give(buffer: Uint8Array): void {
    if (this.#spare.length < this.#most) this.#spare.push(buffer);
  }
}
