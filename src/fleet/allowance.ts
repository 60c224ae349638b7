/** Limits how much of its supervisor's time a worker may use: a burst, and a rate per second. */

import type { Clock } from "../runtime/runtime.ts";

/** Tells when a worker exceeds its limit, and how long it has to wait. */
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

  /** Takes the amount and returns the milliseconds until it would have been available; 0: it was available. */
  take(amount: number): number {
    this.#refill();
    this.#left -= amount;
    return this.#left >= 0 ? 0 : -this.#left / this.#perSecond * 1_000;
  }

  /** Takes the amount if it is available. */
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
