/**
 * Reports a worker's counters to the supervisor: once a second while something changes, rarely while clients are
 * connected but idle, and never while there are none, so that an idle worker sleeps.
 */

import type { WorkerCounters } from "../control/messages.ts";
import { type Counters, newCounters } from "../proxy/counters.ts";
import type { Clock } from "../runtime/runtime.ts";

/** Watches the counters of one worker. */
export class CounterReports {
  readonly #clock: Pick<Clock, "after">;
  readonly #counters: Readonly<Counters>;
  readonly #send: (changed: WorkerCounters) => void;
  /** The values last reported. */
  readonly #told: Counters = newCounters();
  /** Undefined while no client is connected. */
  #cancel: (() => void) | undefined;

  /** `send` receives the counters that have changed since its last call. */
  constructor(
    clock: Pick<Clock, "after">,
    counters: Readonly<Counters>,
    send: (changed: WorkerCounters) => void,
  ) {
    this.#clock = clock;
    this.#counters = counters;
    this.#send = send;
  }

  /** Call this for each new client. */
  readonly wake = (): void => {
    this.#cancel ??= this.#clock.after(PERIOD, this.#look);
  };

  /** Stops watching. */
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

/** Milliseconds between two checks. */
const PERIOD = 1_000;
/** The same while clients are connected but nothing changes. */
const LONG_PERIOD = 5_000;
