/**
 * Has memory given back when many clients have left at once. What their ends leave behind is garbage on V8's heap and
 * free blocks of the C library's, and a worker that is idle afterwards allocates too little for either to look: it
 * would keep its peak for as long as it is idle.
 */

import type { Clock } from "../runtime/runtime.ts";

/** Watches how many connections are left. */
export class Departures {
  readonly #clock: Clock;
  readonly #release: () => void;
  /** The most that there have been since memory was last given back. */
  #high = 0;
  #left = 0;
  /** Undefined while nothing is due. */
  #cancelWait: (() => void) | undefined;

  /** `release` gives memory back, and stops everything for some milliseconds. */
  constructor(clock: Clock, release: () => void) {
    this.#clock = clock;
    this.#release = release;
  }

  /** To be called when a connection has ended, with how many are left. */
  ended(left: number): void {
    this.#left = left;
    // The most that there are is always right before an end.
    if (left >= this.#high) this.#high = left + 1;
    else if (left <= this.#high / 2 && left <= this.#high - MANY && !this.#cancelWait) {
      this.#wait(left);
    }
  }

  /** Forgets what is due: a timer would keep a program alive that is done otherwise. */
  cancel(): void {
    this.#cancelWait?.();
    this.#cancelWait = undefined;
  }

  /** Until hardly any more leave, for a while at most. */
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

/** Connections that must have gone: fewer are not worth it. */
const MANY = 500;
/** Milliseconds between two looks. */
const ROUND = 2_000;
/** After so many looks memory is given back whether others leave or not. */
const MAX_ROUNDS = 4;
/** The part that is left if hardly any have gone. */
const STEADY = 0.9;
