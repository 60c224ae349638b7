/**
 * Reports a worker's counters to the supervisor: once a second while something changes, rarely while clients are
 * connected but idle, and never while there are none, so that an idle worker sleeps.
 */

import type { CounterReport, WorkerCounters } from "../control/messages.ts";
import { counterReports } from "../control/worker_messages.ts";
import { type Countable, Histogram, valueOf } from "../metrics/registry.ts";
import type { SeriesValue } from "../metrics/series.ts";
import { type Counters, newCounters } from "../proxy/counters.ts";
import type { Proxy } from "../proxy/proxy.ts";
import type { Clock } from "../runtime/runtime.ts";

/** What is watched. */
export type Counting = Pick<Proxy, "counters" | "metrics" | "ageActivity">;

/** Watches the counters of one worker. */
export class CounterReports {
  readonly #clock: Pick<Clock, "after">;
  readonly #counting: Counting;
  readonly #send: (changed: CounterReport) => void;
  /** The values last reported. */
  readonly #told: Counters = newCounters();
  /** The same of each series; of a histogram, how many values it had. */
  readonly #toldSeries = new Map<Countable, number>();
  /** Undefined while no client is connected. */
  #cancel: (() => void) | undefined;

  /** `send` receives what has changed since its last call, in one or several parts. */
  constructor(
    clock: Pick<Clock, "after">,
    counting: Counting,
    send: (changed: CounterReport) => void,
  ) {
    this.#clock = clock;
    this.#counting = counting;
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

  /** What has not been reported yet; the last part has all counters. */
  last(): readonly CounterReport[] {
    return counterReports({ ...this.#counting.counters }, this.#changedSeries());
  }

  readonly #look = (): void => {
    this.#cancel = undefined;
    const counters = this.#changedCounters();
    const series = this.#changedSeries();
    const isSame = counters === undefined && series.length === 0;
    if (!isSame) { for (const part of counterReports(counters ?? {}, series)) this.#send(part); }
    else if (this.#counting.counters.active === 0) return;
    this.#counting.ageActivity();
    this.#cancel = this.#clock.after(isSame ? LONG_PERIOD : PERIOD, this.#look);
  };

  #changedCounters(): WorkerCounters | undefined {
    let changed: Record<string, number> | undefined;
    for (const name of NAMES) {
      const count = this.#counting.counters[name];
      if (count === this.#told[name]) continue;
      changed ??= {};
      changed[name] = this.#told[name] = count;
    }
    return changed;
  }

  #changedSeries(): (readonly [key: string, value: SeriesValue])[] {
    const changed: (readonly [string, SeriesValue])[] = [];
    for (const [key, cell] of this.#counting.metrics.series) {
      const now = cell instanceof Histogram ? cell.total : cell.value;
      if (this.#toldSeries.get(cell) === now) continue;
      this.#toldSeries.set(cell, now);
      changed.push([key, valueOf(cell)]);
    }
    return changed;
  }
}

const NAMES = Object.keys(newCounters()) as (keyof Counters)[];

/** Milliseconds between two checks. */
const PERIOD = 1_000;
/** The same while clients are connected but nothing changes. */
const LONG_PERIOD = 5_000;
