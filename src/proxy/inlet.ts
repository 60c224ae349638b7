/**
 * Where one direction of a relay gets its octets from: out of a buffer that the source lends, or in a buffer of the
 * relay's own where the source needs one (read_buffer.ts). Which of them depends on both sides.
 */

import type { Duplex } from "../runtime/runtime.ts";

/** Octets that have come; null at the orderly end. */
export type Octets = Uint8Array | null;

/** Use it in turns: `next`, write what that gave, `adapt`. */
export interface Inlet {
  /**
   * What is there, or what comes. Undefined: nothing yet, and `wake` is called, later, when it is worth asking again.
   * Throws or rejects as the source does.
   */
  next(wake: () => void): Octets | Promise<Octets> | undefined;
  /** Makes ready for the next octets. Call once those of `next` are written. */
  adapt(): void;
  /** Ends the use of it. Nobody may be waiting for `next`. */
  release(): void;
}

/** What an inlet reads from. */
export type Source = Pick<Duplex, "read" | "lend" | "lendNow" | "whenReadable" | "lends">;
/** What is known of where its octets go. */
export type Sink = Pick<Duplex, "takesAtOnce" | "room">;

/** An inlet for a source that lends, or undefined if a buffer is needed. */
export function lendingInlet(from: Source, to: Sink): Inlet | undefined {
  // What is lent is gone when somebody waits, so whoever it is written to must have taken it by then.
  if (from.lends && to.takesAtOnce) return new LentNow(from, to);
  if (from.lend !== undefined) return { next: () => from.lend!(), adapt() {}, release() {} };
  return undefined;
}

/** Takes what is there, much at a time only while much is coming and the other side takes it. */
class LentNow implements Inlet {
  readonly #from: Source;
  readonly #to: Sink;
  #most = SMALL;
  #last = 0;

  constructor(from: Source, to: Sink) {
    this.#from = from;
    this.#to = to;
  }

  next(wake: () => void): Octets | undefined {
    const octets = this.#from.lendNow!(this.#most);
    if (octets === undefined) this.#from.whenReadable!(wake);
    else this.#last = octets === null ? 0 : octets.length;
    return octets;
  }

  adapt(): void {
    // What a slow reader has not taken is kept for it, so it is not to be more than it must.
    this.#most = this.#last < SMALL / 2
      ? SMALL
      : Math.max(SMALL, Math.min(LARGE, Math.trunc((this.#to.room?.() ?? 0) * ROOM_SHARE)));
  }

  release(): void {}
}

/** Octets; one record. */
const SMALL = 16 << 10;
const LARGE = 128 << 10;
/** The part of a socket's room that octets can fill: the kernel counts its own structures too. */
const ROOM_SHARE = 0.6;
