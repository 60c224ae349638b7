/**
 * Finds the open descriptors of this process with poll(2), which reports POLLNVAL for closed ones. It does not use
 * /proc, which a worker may have lost by chroot, and keeps no directory open, through which a worker could leave its
 * new root.
 */

import { RLIMIT_NOFILE } from "./abi.ts";

const SYMBOLS = {
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32" },
} as const;

/** The open descriptors of this process. */
export class OpenDescriptors {
  readonly #libc = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  /** The highest descriptor that has been marked. */
  #marked = 0;

  /**
   * Every open descriptor, of any kind, lowest first. The search ends at a long run of closed ones, but not before the
   * last marked one. The kernel assigns the lowest free number, so a new descriptor never follows such a run.
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
        // The two halves of the second word are the requested events (none) and the result.
        if (asked[2 * at + 1]! >>> 16 & POLLNVAL) continue;
        end = first + at + GAP;
        yield first + at;
      }
    }
  }

  /** Marks a descriptor, so that it is found again even if all around it are closed by then. */
  mark(descriptor: number): void {
    this.#marked = Math.max(this.#marked, descriptor);
  }

  /** The kernel refuses to poll more descriptors than the limit allows. */
  #atOnce(): number {
    const limits = new BigUint64Array(2);
    const known = this.#libc.getrlimit(RLIMIT_NOFILE, limits) === 0;
    return known && limits[0]! < MAX_AT_ONCE ? Number(limits[0]) : MAX_AT_ONCE;
  }
}

/** This many closed descriptors in a row are the end of the search. */
const GAP = 4096;
const MAX_AT_ONCE = 1024;
// Values of the Linux ABI on x86-64 and arm64 (the same on both).
const POLLNVAL = 0x20;
