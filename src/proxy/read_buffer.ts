/**
 * The buffer one direction of a relay reads into: small while little arrives, large while it keeps filling.
 * A read that waits holds its buffer, so what a connection owns while idle is the small one; large ones come
 * from a pool shared by the worker and go back as soon as a read shows that the burst is over. A write that waits
 * holds it too, for as long as its peer likes, so only some connections at a time have a large one.
 */

import { BufferPool } from "../buffer_pool.ts";
import type { Inlet, Octets, Source } from "./inlet.ts";

/** Sizes in octets. */
export interface BufferSizes {
  readonly small: number;
  readonly large: number;
  /** A large buffer is kept while reads bring more than this. */
  readonly keepAbove: number;
  /**
   * For a source that gives one record of at most this size per read, however many are there: after one that
   * is full, but for what a small buffer may have taken of it, the next is read at once, so that several leave
   * in one write. 0 for a source that gives all it has.
   */
  readonly record: number;
  /** While so many large buffers are in use, others that fill get one of this size. Undefined: they get large ones. */
  readonly crowd?: { readonly from: number; readonly size: number };
}

/** Makes the read buffers of one direction of every connection of a worker. */
export class ReadBuffers {
  readonly sizes: BufferSizes;
  readonly small: BufferPool;
  readonly large: BufferPool;
  readonly medium: BufferPool;
  readonly #mostLarge: number;
  #largeInUse = 0;

  constructor(sizes: BufferSizes) {
    this.sizes = sizes;
    const { crowd = { from: Infinity, size: sizes.large } } = sizes;
    this.#mostLarge = crowd.from;
    this.medium = new BufferPool(crowd.size, Math.floor(SPARE_LARGE_OCTETS / crowd.size));
    this.small = new BufferPool(sizes.small, Math.floor(SPARE_SMALL_OCTETS / sizes.small));
    this.large = new BufferPool(sizes.large, Math.floor(SPARE_LARGE_OCTETS / sizes.large));
  }

  /** A buffer for a source; it starts small. */
  take(from: Source): ReadBuffer {
    return new ReadBuffer(this, from);
  }

  /** The pool of the largest buffer to be had; what is taken of it is given back by {@linkcode give}. */
  largest(): BufferPool {
    return this.#largeInUse < this.#mostLarge ? this.large : this.medium;
  }

  /** Takes a buffer from one of the pools. */
  borrow(pool: BufferPool): Uint8Array {
    if (pool === this.large) this.#largeInUse++;
    return pool.take();
  }

  /** Gives it back. */
  give(pool: BufferPool, buffer: Uint8Array): void {
    if (pool === this.large) this.#largeInUse--;
    pool.give(buffer);
  }
}

/** One direction's buffer, for sources that have none. */
export class ReadBuffer implements Inlet {
  readonly #buffers: ReadBuffers;
  readonly #from: Source;
  #space: Uint8Array;
  #pool: BufferPool;
  /** Where in the space the last read began. */
  #start = 0;
  /** How much the last read brought. */
  #last = 0;
  /** A read begun early whose octets belong at `#start`. */
  #ahead: Promise<number | null> | undefined;

  constructor(buffers: ReadBuffers, from: Source) {
    this.#buffers = buffers;
    this.#from = from;
    this.#pool = buffers.small;
    this.#space = buffers.borrow(this.#pool);
  }

  next(): Octets | Promise<Octets> {
    const octets = this.#read();
    return octets instanceof Promise ? octets.then(this.#take) : this.#take(octets);
  }

  /** Reads, or waits for what is being read already. */
  #read(): number | null | Promise<number | null> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead !== undefined) return ahead;
    this.#start = 0;
    return this.#from.read(this.#space);
  }

  /** The octets that the last read brought, and whatever more was there already. */
  readonly #take = (octets: number | null): Octets | Promise<Octets> => {
    if (octets === null) return null;
    this.#last = octets;
    if (this.#mayBeMore()) return this.#takeRecords();
    return this.#part(this.#start + octets);
  };

  /** Chooses the next read's buffer by how much the last one brought. Call once its octets are written. */
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

  /** Gives the buffer back. No read may be waiting on it. */
  release(): void {
    this.#buffers.give(this.#pool, this.#space);
  }

  async #takeRecords(): Promise<Uint8Array> {
    const start = this.#start;
    const { record } = this.#buffers.sizes;
    let end = start + this.#last;
    while (this.#mayBeMore() && this.#space.length - end >= record) {
      const next = this.#from.read(this.#space.subarray(end));
      const octets = typeof next === "number" ? next : await atOnce(next);
      if (octets === undefined) {
        this.#ahead = Promise.resolve(next);
        this.#start = end;
        break;
      }
      this.#last = octets;
      end += octets;
    }
    return this.#space.subarray(start, end);
  }

  /** Whether the last read was a whole record, so that another one may be there already. */
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

/** What a read gives if its octets were there when it was called; undefined if it waits, ends or fails. */
async function atOnce(read: Promise<number | null> | null): Promise<number | undefined> {
  let octets: number | null = null;
  read?.then((count) => octets = count, () => {});
  // A read that need not wait is settled after a few turns of the microtask queue.
  for (let turn = 0; turn < MICROTASK_TURNS && octets === null; turn++) await undefined;
  return octets ?? undefined;
}

const MICROTASK_TURNS = 4;
/** The most a worker keeps in spare buffers. */
const SPARE_SMALL_OCTETS = 1 << 20;
const SPARE_LARGE_OCTETS = 4 << 20;
