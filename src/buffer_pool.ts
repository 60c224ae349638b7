/** Spare buffers of one size, for octets that are only passing through. */
export class BufferPool {
  /** Octets. */
  readonly size: number;
  readonly #most: number;
  readonly #spare: Uint8Array[] = [];

  /** Keeps up to `most` spare ones. */
  constructor(size: number, most: number) {
    this.size = size;
    this.#most = most;
  }

  /** A buffer that holds whatever its last user left in it. */
  take(): Uint8Array {
    return this.#spare.pop() ?? new Uint8Array(this.size);
  }

  /** Takes it back. No read or write may be waiting on it. */
  give(buffer: Uint8Array): void {
    if (this.#spare.length < this.#most) this.#spare.push(buffer);
  }
}
