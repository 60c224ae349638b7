/**
 * The input of one direction of a relay. Bytes come in a buffer that the source lends or, if the source needs one,
 * in the relay's own buffer (read_buffer.ts). Which of the two depends on both sides.
 */

import type { Duplex } from "../runtime/runtime.ts";

/** Bytes received; null at the orderly end. */
export type Bytes = Uint8Array | null;

/** Use it in this order: `next`, write the bytes, `adapt`. */
export interface Inlet {
  /**
   * The available bytes, or a promise of them. Undefined: there are none yet, and `wake` is called later, when it
   * is worth asking again. Throws or rejects as the source does.
   */
  next(wake: () => void): Bytes | Promise<Bytes> | undefined;
  /** Prepares for the next bytes. Call it once those of `next` are written. */
  adapt(): void;
  /** Ends its use. No `next` may be pending. */
  release(): void;
}

/** What an inlet reads from. */
export type Source = Pick<Duplex, "read" | "lend" | "lendNow" | "whenReadable" | "lends">;
/** What is known about the destination of the bytes. */
export type Sink = Pick<Duplex, "takesAtOnce" | "room">;

/** An inlet for a source that lends, or undefined if a buffer is needed. */
export function lendingInlet(from: Source, to: Sink): Inlet | undefined {
  // Lent bytes are gone after any wait, so the destination must have taken them by then.
  if (from.lends && to.takesAtOnce) return new LentNow(from, to);
  if (from.lend !== undefined) return { next: () => from.lend!(), adapt() {}, release() {} };
  return undefined;
}

/** Takes the available bytes. It takes many at a time only while many arrive and the other side accepts them. */
class LentNow implements Inlet {
  readonly #from: Source;
  readonly #to: Sink;
  #max = SMALL;
  #last = 0;

  constructor(from: Source, to: Sink) {
    this.#from = from;
    this.#to = to;
  }

  next(wake: () => void): Bytes | undefined {
    const bytes = this.#from.lendNow!(this.#max);
    if (bytes === undefined) this.#from.whenReadable!(wake);
    else this.#last = bytes === null ? 0 : bytes.length;
    return bytes;
  }

  adapt(): void {
    // What a slow reader has not taken is kept in memory for it, so keep that small.
    this.#max = this.#last < SMALL / 2
      ? SMALL
      : Math.max(SMALL, Math.min(LARGE, Math.trunc((this.#to.room?.() ?? 0) * ROOM_SHARE)));
  }

  release(): void {}
}

/** In bytes; one record. */
const SMALL = 16 << 10;
const LARGE = 128 << 10;
/** The share of a socket's room that bytes can fill: the kernel counts its own structures too. */
const ROOM_SHARE = 0.6;
