/**
 * Releases memory after many clients have left at once. They leave garbage on V8's heap and free blocks in the C
 * library's heap. A worker that is idle afterwards allocates too little to trigger a cleanup of either, so its
 * memory would stay at its peak while it is idle.
 */

import type { Clock } from "../runtime/runtime.ts";

/** Watches the number of open connections. */
export class Departures {
  readonly #clock: Clock;
  readonly #release: () => void;
  /** The peak since memory was last released. */
  #high = 0;
  #left = 0;
  /** Undefined while no release is scheduled. */
  #cancelWait: (() => void) | undefined;

  /** `release` returns memory to the system, and blocks the process for some milliseconds. */
  constructor(clock: Clock, release: () => void) {
    this.#clock = clock;
    this.#release = release;
  }

  /** Call this when a connection has ended, with the number still open. */
  ended(left: number): void {
    this.#left = left;
    // The peak is always reached right before an end.
    if (left >= this.#high) this.#high = left + 1;
    else if (left <= this.#high / 2 && left <= this.#high - MANY && !this.#cancelWait) {
      this.#wait(left);
    }
  }

  /** Cancels a scheduled release: its timer would keep a finished program alive. */
  cancel(): void {
    this.#cancelWait?.();
    this.#cancelWait = undefined;
  }

  /** Waits until hardly any more connections end, for at most {@linkcode MAX_ROUNDS} rounds. */
  #wait(before: number, rounds = 1): void {
    this.#cancelWait = this.#clock.after(ROUND, () => {
      const goesOn = this.#left < before * STEADY;
      if (goesOn && rounds < MAX_ROUNDS) return this.#wait(this.#left, rounds + 1);
      this.#cancelWait = undefined;
      this.#high = this.#left;
      this.#release();
    });
  }
}

/** Min number of ended connections; fewer are not worth a release. */
const MANY = 500;
/** Milliseconds between two checks. */
const ROUND = 2_000;
/** After this many checks memory is released, even if connections are still ending. */
const MAX_ROUNDS = 4;
/** If at least this share is left after a round, hardly any connections have ended. */
const STEADY = 0.9;
