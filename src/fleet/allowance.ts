/** How much of something a worker may have of its supervisor's time: so much at once, and so much a second. */

import type { Clock } from "../runtime/runtime.ts";

/** Tells who asks for too much, and how long he has to wait. */
export class Allowance {
  readonly #clock: Pick<Clock, "now">;
  readonly #perSecond: number;
  readonly #atOnce: number;
  #left: number;
  #counted: number;

  constructor(clock: Pick<Clock, "now">, perSecond: number, atOnce: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#atOnce = atOnce;
    this.#left = atOnce;
    this.#counted = clock.now();
  }

  /** Takes so much, and gives the milliseconds until it would have been there; 0: it was. */
  take(amount: number): number {
    this.#refill();
    this.#left -= amount;
    return this.#left >= 0 ? 0 : -this.#left / this.#perSecond * 1_000;
  }

  /** Takes so much if it is there. */
  takeIfThere(amount: number): boolean {
    this.#refill();
    if (this.#left < amount) return false;
    this.#left -= amount;
    return true;
  }

  #refill(): void {
    const now = this.#clock.now();
    this.#left = Math.min(
      this.#atOnce,
      this.#left + (now - this.#counted) / 1_000 * this.#perSecond,
    );
    this.#counted = now;
  }
}
