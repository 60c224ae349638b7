/**
 * What is known of one slot's workers over all that ever ran there: their sums, restarts and last end. It outlives
 * workers and generations, so that its sums never decrease.
 */

import { addSeries, type SeriesValue, type SeriesValues } from "../metrics/series.ts";

/**
 * Why a worker was replaced: it died, was killed because it hung or broke the control protocol, or a signal asked it
 * to exit.
 */
export type RestartReason = "died" | "hung" | "protocol" | "replaced";

/** What the workers of one slot have counted. */
export interface WorkerMetrics {
  /** From 1. */
  readonly index: number;
  /** Sums of all its workers that ever ran; gauges of the live ones. */
  readonly series: SeriesValues;
}

/** One process, as the supervisor knows it. */
export interface WorkerProcessFacts {
  readonly pid: number;
  readonly state: "starting" | "serving" | "draining";
  readonly startedAt: Date;
  /** What it has counted itself, as last reported. */
  readonly series: SeriesValues;
}

/** One slot. */
export interface WorkerFacts {
  /** From 1. */
  readonly index: number;
  /** The process that serves or is about to; undefined while none does. */
  readonly process: WorkerProcessFacts | undefined;
  /** Others that still have clients, the oldest first. */
  readonly leaving: readonly WorkerProcessFacts[];
  /** How often a worker was replaced, by reason; a reload that replaces all is not among them. */
  readonly restarts: Readonly<Record<RestartReason, number>>;
  /** The last end of a worker, in order or not; undefined if none has ended. */
  readonly lastEnd: WorkerEnd | undefined;
}

/** An end of a worker. */
export interface WorkerEnd {
  readonly time: Date;
  /** For people. */
  readonly reason: string;
}

/** The part of a worker process that counts. */
interface Counting {
  readonly counts: { readonly series: SeriesValues };
}

/** The record of one slot. */
export class SlotRecord {
  readonly index: number;
  readonly restarts: Record<RestartReason, number> = { died: 0, hung: 0, protocol: 0, replaced: 0 };
  lastEnd: WorkerEnd | undefined;
  /** Of workers that have ended. */
  readonly #sums = new Map<string, SeriesValue>();

  constructor(index: number) {
    this.index = index;
  }

  /** A worker has ended. */
  ended({ counts: { series } }: Counting, end: WorkerEnd): void {
    addSeries(this.#sums, series, false);
    this.lastEnd = end;
  }

  /** The sums, with these live workers. */
  metrics(alive: Iterable<Counting>): WorkerMetrics {
    const series = new Map(this.#sums);
    for (const worker of alive) addSeries(series, worker.counts.series, true);
    return { index: this.index, series };
  }
}
