/**
 * The buffer that one direction of a relay reads into: small while little arrives, large while it keeps filling. A
 * pending read holds its buffer, so an idle connection owns only a small one. Large buffers come from a pool of
 * the worker and return to it as soon as a read shows that the burst has ended. A pending write also holds its
 * buffer, for as long as the peer likes, so only a limited number of connections have a large one at a time.
 */

import { BufferPool } from "../runtime/buffer_pool.ts";
import type { Bytes, Inlet, Source } from "./inlet.ts";

/** Sizes in bytes. */
export interface BufferSizes {
  readonly small: number;
  readonly large: number;
  /** A large buffer is kept while reads return more than this. */
  readonly keepAbove: number;
  /**
   * For a source that returns one record of at most this size per read, however many are available. After a full
   * record (less what fitted in a small buffer) the next one is read at once, so that several leave in one write.
   * 0 for a source that returns all it has.
   */
  readonly record: number;
  /**
   * When this many large buffers are in use, further connections get a buffer of this size. Undefined: always a
   * large one.
   */
  readonly crowd?: { readonly from: number; readonly size: number };
}

/** Creates the read buffers of one direction for all connections of a worker. */
export class ReadBuffers {
  readonly sizes: BufferSizes;
  readonly small: BufferPool;
  readonly large: BufferPool;
  readonly medium: BufferPool;
  readonly #maxLarge: number;
  #largeInUse = 0;

  constructor(sizes: BufferSizes) {
    this.sizes = sizes;
    const { crowd = { from: Infinity, size: sizes.large } } = sizes;
    this.#maxLarge = crowd.from;
    this.medium = new BufferPool(crowd.size, Math.floor(SPARE_LARGE_BYTES / crowd.size));
    this.small = new BufferPool(sizes.small, Math.floor(SPARE_SMALL_BYTES / sizes.small));
    this.large = new BufferPool(sizes.large, Math.floor(SPARE_LARGE_BYTES / sizes.large));
  }

  /** A buffer for a source; it starts small. */
  take(from: Source): ReadBuffer {
    return new ReadBuffer(this, from);
  }

  /** The pool of the largest buffer available now. Return its buffers with {@linkcode give}. */
  largest(): BufferPool {
    return this.#largeInUse < this.#maxLarge ? this.large : this.medium;
  }

  /** Takes a buffer from a pool. */
  borrow(pool: BufferPool): Uint8Array {
    if (pool === this.large) this.#largeInUse++;
    return pool.take();
  }

  /** Returns a buffer to its pool. */
  give(pool: BufferPool, buffer: Uint8Array): void {
    if (pool === this.large) this.#largeInUse--;
    pool.give(buffer);
  }
}

/** The buffer of one direction, for sources that have none. */
export class ReadBuffer implements Inlet {
  readonly #buffers: ReadBuffers;
  readonly #from: Source;
  #space: Uint8Array;
  #pool: BufferPool;
  /** Index at which the last read began. */
  #start = 0;
  /** How many bytes the last read returned. */
  #last = 0;
  /** A read started early; its bytes belong at `#start`. */
  #ahead: Promise<number | null> | undefined;

  constructor(buffers: ReadBuffers, from: Source) {
    this.#buffers = buffers;
    this.#from = from;
    this.#pool = buffers.small;
    this.#space = buffers.borrow(this.#pool);
  }

  next(): Bytes | Promise<Bytes> {
    const bytes = this.#read();
    return bytes instanceof Promise ? bytes.then(this.#take) : this.#take(bytes);
  }

  /** Reads, or waits for the read that was started early. */
  #read(): number | null | Promise<number | null> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead !== undefined) return ahead;
    this.#start = 0;
    return this.#from.read(this.#space);
  }

  /** The bytes of the last read, plus whatever else was already available. */
  readonly #take = (bytes: number | null): Bytes | Promise<Bytes> => {
    if (bytes === null) return null;
    this.#last = bytes;
    if (this.#mayBeMore()) return this.#takeRecords();
    return this.#part(this.#start + bytes);
  };

  /** Chooses the next read's buffer by how much the last read returned. Call it once those bytes are written. */
  adapt(): void {
    if (this.#ahead !== undefined) return;
    const { small, large, medium, sizes } = this.#buffers;
    if (this.#last === this.#space.length) {
      if (this.#pool !== large) this.#swap(this.#buffers.largest());
    } else if (
      this.#pool === large ? this.#last <= sizes.keepAbove : this.#last <= medium.size / 2
    ) {
      this.#swap(small);
    }
  }

  /** Returns the buffer. No read may be pending. */
  release(): void {
    this.#buffers.give(this.#pool, this.#space);
  }

  async #takeRecords(): Promise<Uint8Array> {
    const start = this.#start;
    const { record } = this.#buffers.sizes;
    let end = start + this.#last;
    while (this.#mayBeMore() && this.#space.length - end >= record) {
      const next = this.#from.read(this.#space.subarray(end));
      const bytes = typeof next === "number" ? next : await atOnce(next);
      if (bytes === undefined) {
        this.#ahead = Promise.resolve(next);
        this.#start = end;
        break;
      }
      this.#last = bytes;
      end += bytes;
    }
    return this.#space.subarray(start, end);
  }

  /** Whether the last read was a whole record, so that another one may be available. */
  #mayBeMore(): boolean {
    const { record, small } = this.#buffers.sizes;
    return record > 0 && this.#last >= record - small;
  }

  #part(end: number): Uint8Array {
    const whole = this.#start === 0 && end === this.#space.length;
    return whole ? this.#space : this.#space.subarray(this.#start, end);
  }

  #swap(pool: BufferPool): void {
    if (pool === this.#pool) return;
    this.release();
    this.#pool = pool;
    this.#space = this.#buffers.borrow(pool);
  }
}

/** The result of a read whose bytes were already available; undefined if it waits, ends or fails. */
async function atOnce(read: Promise<number | null> | null): Promise<number | undefined> {
  let bytes: number | null = null;
  read?.then((count) => bytes = count, () => {});
  // A read that does not wait settles within a few microtasks.
  for (let turn = 0; turn < MICROTASK_TURNS && bytes === null; turn++) await undefined;
  return bytes ?? undefined;
}

const MICROTASK_TURNS = 4;
/** Max size of a worker's spare buffers. */
const SPARE_SMALL_BYTES = 1 << 20;
const SPARE_LARGE_BYTES = 4 << 20;
