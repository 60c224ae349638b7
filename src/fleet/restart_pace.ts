/**
 * Decides when a worker that has died is started again. One that had served is replaced at once, unless that happens
 * repeatedly. One that never served will probably fail again, so the pauses grow. But while no worker serves, clients
 * are refused, so no pause is then longer than a second.
 */

import { type Clock, pause } from "../runtime/runtime.ts";
import { Allowance } from "./allowance.ts";

/** What a pace depends on. */
export interface RestartPaceOptions {
  readonly clock: Clock;
  /** Whether no worker of any slot serves or is about to. */
  readonly hasNoWorker: () => boolean;
  /** The same, and none has just been started. */
  readonly hasNoRecentWorker: () => boolean;
  /** Whether no more workers are to be started. */
  readonly isOver: () => boolean;
  /** Called before a pause, with its milliseconds. */
  readonly onPause: (milliseconds: number) => void;
}

/** The pace of one worker's restarts. */
export class RestartPace {
  readonly #options: RestartPaceOptions;
  readonly #mishaps: Allowance;
  /** Starts in a row after which the worker never served. */
  #failures = 0;

  constructor(options: RestartPaceOptions) {
    this.#options = options;
    this.#mishaps = new Allowance(options.clock, MISHAPS_PER_SECOND, MISHAPS_AT_ONCE);
  }

  /** Resolves when the next worker may be started. `served`: whether the last one ever served. */
  async wait(served: boolean): Promise<void> {
    const { clock, onPause, hasNoWorker, hasNoRecentWorker, isOver } = this.#options;
    this.#failures = served ? 0 : this.#failures + 1;
    const wait = served ? this.#mishapPause() : restartPause(this.#failures);
    if (wait === 0) return;
    onPause(hasNoWorker() ? Math.min(wait, LONGEST_ALONE) : wait);
    const began = clock.now();
    for (let left = wait; left > 0 && !isOver(); left = began + wait - clock.now()) {
      await pause(clock, Math.min(left, LONGEST_ALONE));
      if (hasNoRecentWorker()) return;
    }
  }

  #mishapPause(): number {
    if (this.#mishaps.takeIfThere(1)) return 0;
    return 1_000 / MISHAPS_PER_SECOND;
  }
}

/** Milliseconds to wait after this many failed starts in a row: 0, 0.5 s, 1 s … 30 s. */
export function restartPause(failures: number): number {
  return failures < 2 ? 0 : Math.min(500 * 2 ** (failures - 2), 30_000);
}

/** How many deaths of workers that had served cause no pause. */
const MISHAPS_AT_ONCE = 5;
const MISHAPS_PER_SECOND = 1;
/** Max milliseconds of a pause while no worker serves. */
export const LONGEST_ALONE = 1_000;
