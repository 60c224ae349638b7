/** Spare buffers of one size, for bytes that only pass through. */
export class BufferPool {
  /** Bytes. */
  readonly size: number;
  readonly #max: number;
  readonly #spare: Uint8Array[] = [];

  /** Keeps up to `max` spare buffers. */
  constructor(size: number, max: number) {
    this.size = size;
    this.#max = max;
  }

  /** A buffer that holds whatever its last user left in it. */
  take(): Uint8Array {
    return this.#spare.pop() ?? new Uint8Array(this.size);
  }

  /** Takes the buffer back. No read or write may be waiting on it. */
  give(buffer: Uint8Array): void {
    if (this.#spare.length < this.#max) this.#spare.push(buffer);
  }
}
