/** A clock that stands still until a test moves it, so that hours pass in no time and nothing is guessed. */

import type { Clock } from "../../src/runtime/runtime.ts";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Time by hand. It begins at 0 ms, on 1 January 2030 in UTC. */
export class ManualClock implements Clock {
  #now = 0;
  #began = Date.UTC(2030, 0, 1);
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  date(): Date {
    return new Date(this.#began + this.#now);
  }

  /** Sets the date, as an operator might, which moves no timer. */
  setDate(date: Date): void {
    this.#began = date.getTime() - this.#now;
  }

  after(milliseconds: number, callback: () => void): () => void {
    const timer = { at: this.#now + Math.max(milliseconds, 0), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How often somebody let everything else go first. */
  turns = 0;

  /** Nothing else is ever ready here. */
  turn(): Promise<void> {
    this.turns++;
    return Promise.resolve();
  }

  /** How many timers are waiting. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Lets time pass, and everything that it sets going happen. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settled();
    for (let timer; (timer = this.#nextUpTo(end)) !== undefined;) {
      this.#now = timer.at;
      this.#timers.delete(timer);
      timer.callback();
      await settled();
    }
    this.#now = end;
  }

  #nextUpTo(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer;
    }
    return next;
  }
}

/** Resolves when all that waits for nothing but promises has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
