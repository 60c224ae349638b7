/**
 * Tells the supervisor what a worker has counted: once a second while something changes, rarely while clients are there
 * that do nothing, and never while there are none, so that an idle worker sleeps.
 */

import type { WorkerCounters } from "../control/messages.ts";
import { type Counters, newCounters } from "../proxy/counters.ts";
import type { Clock } from "../runtime/runtime.ts";

/** Looks at the counters of one worker. */
export class CounterReports {
  readonly #clock: Pick<Clock, "after">;
  readonly #counters: Readonly<Counters>;
  readonly #send: (changed: WorkerCounters) => void;
  /** What was last told. */
  readonly #told: Counters = newCounters();
  /** Undefined while nobody is there. */
  #cancel: (() => void) | undefined;

  /** `send` is given those counters that have changed since it was last called. */
  constructor(
    clock: Pick<Clock, "after">,
    counters: Readonly<Counters>,
    send: (changed: WorkerCounters) => void,
  ) {
    this.#clock = clock;
    this.#counters = counters;
    this.#send = send;
  }

  /** To be called for each client that comes. */
  readonly wake = (): void => {
    this.#cancel ??= this.#clock.after(PERIOD, this.#look);
  };

  /** Looks no more. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  readonly #look = (): void => {
    this.#cancel = undefined;
    const changed: Record<string, number> = {};
    let isSame = true;
    for (const name of NAMES) {
      const count = this.#counters[name];
      if (count === this.#told[name]) continue;
      changed[name] = this.#told[name] = count;
      isSame = false;
    }
    if (!isSame) this.#send(changed);
    else if (this.#counters.active === 0) return;
    this.#cancel = this.#clock.after(isSame ? LONG_PERIOD : PERIOD, this.#look);
  };
}

const NAMES = Object.keys(newCounters()) as (keyof Counters)[];

/** Milliseconds between two looks. */
const PERIOD = 1_000;
/** The same while nothing changes though clients are there. */
const LONG_PERIOD = 5_000;
