/**
 * The buffer one direction of a relay reads into: small while little arrives, large while it keeps filling.
 * A read that waits holds its buffer, so what a connection owns while idle is the small one; large ones come
 * from a pool shared by the worker and go back as soon as a read leaves room in them.
 */

/** Sizes in octets. */
export interface BufferSizes {
  readonly small: number;
  readonly large: number;
  /** A large buffer is kept while reads bring more than this. */
  readonly keepAbove: number;
}

/** Spare buffers of one size. */
class BufferPool {
  readonly #size: number;
  readonly #most: number;
  readonly #spare: Uint8Array[] = [];

  constructor(size: number, most: number) {
    this.#size = size;
    this.#most = most;
  }

  take(): Uint8Array {
    return this.#spare.pop() ?? new Uint8Array(this.#size);
  }

  give(buffer: Uint8Array): void {
    if (this.#spare.length < this.#most) this.#spare.push(buffer);
  }
}

/** Makes the read buffers of one direction of every connection of a worker. */
export class ReadBuffers {
  readonly sizes: BufferSizes;
  readonly small: BufferPool;
  readonly large: BufferPool;

  constructor(sizes: BufferSizes) {
    this.sizes = sizes;
    this.small = new BufferPool(sizes.small, Math.floor(SPARE_SMALL_OCTETS / sizes.small));
    this.large = new BufferPool(sizes.large, Math.floor(SPARE_LARGE_OCTETS / sizes.large));
  }

  /** A buffer that starts small. */
  take(): ReadBuffer {
    return new ReadBuffer(this);
  }
}

/** One direction's buffer. */
export class ReadBuffer {
  readonly #buffers: ReadBuffers;
  #large = false;
  /** Where the next read goes. */
  space: Uint8Array;

  constructor(buffers: ReadBuffers) {
    this.#buffers = buffers;
    this.space = buffers.small.take();
  }

  /** Chooses the next read's buffer by how much the last one brought. Call once its octets are written. */
  adapt(octets: number): void {
    if (octets === this.space.length) {
      if (!this.#large) this.#swap(true);
    } else if (this.#large && octets <= this.#buffers.sizes.keepAbove) {
      this.#swap(false);
    }
  }

  /** Gives the buffer back. No read may be waiting on it. */
  release(): void {
    (this.#large ? this.#buffers.large : this.#buffers.small).give(this.space);
  }

  #swap(large: boolean): void {
    this.release();
    this.#large = large;
    this.space = (large ? this.#buffers.large : this.#buffers.small).take();
  }
}

/** The most a worker keeps in spare buffers. */
const SPARE_SMALL_OCTETS = 1 << 20;
const SPARE_LARGE_OCTETS = 4 << 20;
