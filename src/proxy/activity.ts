/**
 * The time at which connections relay something, cheap enough to be noted for every read: the clock is read only
 * after {@linkcode Activity.age}, which others call every few seconds.
 */

import type { Clock } from "../runtime/runtime.ts";

/** A clock that may be late by the time since the last call of `age`. */
export class Activity {
  readonly #clock: Pick<Clock, "now">;
  #time = 0;
  #isOld = true;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Whole milliseconds by the clock. */
  get time(): number {
    if (this.#isOld) {
      this.#isOld = false;
      this.#time = Math.trunc(this.#clock.now());
    }
    return this.#time;
  }

  /** Makes the next use read the clock. */
  age(): void {
    this.#isOld = true;
  }
}
