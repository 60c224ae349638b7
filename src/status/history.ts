/**
 * The last ten minutes in rates, for charts: a fixed number of steps in typed arrays, however long stud runs. The
 * caller brings the sums and the time.
 */

import type { History as HistoryStatus } from "./status.ts";

/** The sums at one moment. Everything but `active` only increases. */
export interface HistorySums {
  readonly accepted: number;
  readonly bytesToBackend: number;
  readonly bytesToClient: number;
  readonly failedHandshakes: number;
  /** Open now. */
  readonly active: number;
}

/** The rates of the last ten minutes. */
export class History {
  readonly #connections = new Float32Array(STEPS);
  readonly #toBackend = new Float32Array(STEPS);
  readonly #toClient = new Float32Array(STEPS);
  readonly #failed = new Float32Array(STEPS);
  readonly #active = new Float32Array(STEPS);
  /** How many steps have been added. */
  #count = 0;
  #last: HistorySums | undefined;
  #at = 0;
  #date = new Date(0);

  /** Adds a step: the sums now, at a time in milliseconds of a monotonic clock. The first call only sets the start. */
  add(sums: HistorySums, now: number, date: Date): void {
    const last = this.#last;
    const seconds = (now - this.#at) / 1_000;
    this.#last = sums;
    this.#at = now;
    this.#date = date;
    if (last === undefined || seconds <= 0) return;
    const index = this.#count++ % STEPS;
    // Sums of a worker that has been replaced never decrease, but a fault here must not show as a negative rate.
    const rate = (name: keyof HistorySums) => Math.max(0, (sums[name] - last[name]) / seconds);
    this.#connections[index] = rate("accepted");
    this.#toBackend[index] = rate("bytesToBackend");
    this.#toClient[index] = rate("bytesToClient");
    this.#failed[index] = rate("failedHandshakes");
    this.#active[index] = sums.active;
  }

  /** As the status has it. */
  status(): HistoryStatus {
    return {
      time: this.#date.toISOString(),
      step: HISTORY_STEP / 1_000,
      connectionsPerSecond: this.#inOrder(this.#connections),
      bytesToBackendPerSecond: this.#inOrder(this.#toBackend),
      bytesToClientPerSecond: this.#inOrder(this.#toClient),
      failedHandshakesPerSecond: this.#inOrder(this.#failed),
      active: this.#inOrder(this.#active),
    };
  }

  #inOrder(values: Float32Array): number[] {
    const all = Math.min(this.#count, STEPS);
    const start = this.#count - all;
    // Three digits are more than a chart shows.
    return Array.from(
      { length: all },
      (_, index) => Math.round(values[(start + index) % STEPS]! * 1_000) / 1_000,
    );
  }
}

/** Milliseconds from one step to the next. */
export const HISTORY_STEP = 5_000;
const STEPS = 120;
