/**
 * Which descriptors of this process are open, without /proc, which a worker may have lost with its former root, and
 * without a directory kept open, by which it could leave its new one: poll(2) says POLLNVAL of those that are closed.
 */

import { RLIMIT_NOFILE } from "./abi.ts";

const SYMBOLS = {
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32" },
} as const;

/** The open descriptors of this process. */
export class OpenDescriptors {
  readonly #libc = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  /** The highest one that has been marked. */
  #marked = 0;

  /**
   * Every open descriptor, of whatever kind, lowest first. They end with a long row of closed ones, or with the last
   * that is marked: the kernel gives the lowest number that is free, so that what is new follows no such row.
   */
  *[Symbol.iterator](): Generator<number> {
    const asked = new Int32Array(2 * this.#atOnce());
    const count = asked.length / 2;
    for (let first = 0, end = GAP; first < Math.max(end, this.#marked + 1); first += count) {
      for (let at = 0; at < count; at++) {
        asked[2 * at] = first + at;
        asked[2 * at + 1] = 0;
      }
      this.#libc.poll(asked, BigInt(count), 0);
      for (let at = 0; at < count; at++) {
        // The two halves of the second word are what is asked for, nothing, and the answer.
        if (asked[2 * at + 1]! >>> 16 & POLLNVAL) continue;
        end = first + at + GAP;
        yield first + at;
      }
    }
  }

  /** Says that a descriptor is one to be found again, though all around it may be closed by then. */
  mark(descriptor: number): void {
    this.#marked = Math.max(this.#marked, descriptor);
  }

  /** The kernel refuses to poll more than there may be. */
  #atOnce(): number {
    const limits = new BigUint64Array(2);
    const known = this.#libc.getrlimit(RLIMIT_NOFILE, limits) === 0;
    return known && limits[0]! < MOST_AT_ONCE ? Number(limits[0]) : MOST_AT_ONCE;
  }
}

/** So many closed descriptors in a row are the end of all. */
const GAP = 4096;
const MOST_AT_ONCE = 1024;
// Values of the Linux ABI on x86-64 and arm64 (the same on both).
const POLLNVAL = 0x20;
