/** What one worker has counted, as it last reported it. A worker is not trusted, so this is bounded. */

import { type CounterReport, MAX_COUNTERS, type WorkerCounters } from "../control/messages.ts";
import { ProtocolError } from "../control/shapes.ts";
import { MAX_ALL_SERIES, type SeriesValue, type SeriesValues } from "../metrics/series.ts";

/** The counts of one worker. */
export class WorkerCounts {
  readonly #counters: Record<string, number> = {};
  readonly #series = new Map<string, SeriesValue>();

  /** Those of the proxy as a whole. */
  get counters(): WorkerCounters {
    return this.#counters;
  }

  /** Those of the families. */
  get series(): SeriesValues {
    return this.#series;
  }

  /** Takes a report of what has changed. Throws {@linkcode ProtocolError} if it is more than a worker can count. */
  take({ counters, series = [] }: CounterReport): void {
    Object.assign(this.#counters, counters);
    for (const [key, value] of series) this.#series.set(key, value);
    if (Object.keys(this.#counters).length > MAX_COUNTERS) {
      throw new ProtocolError(`more than ${MAX_COUNTERS} counters`);
    }
    if (this.#series.size > MAX_ALL_SERIES) {
      throw new ProtocolError(`more than ${MAX_ALL_SERIES} series`);
    }
  }
}
