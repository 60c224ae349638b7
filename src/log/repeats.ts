/**
 * Keeps a log readable while the same thing happens a thousand times. The first event of a kind is logged at once;
 * those of the next seconds become one line with their count.
 */

import type { Clock } from "../runtime/runtime.ts";

/** What {@linkcode Repeats} reports about a kind at the end of its window. */
export interface RepeatSummary<Detail> {
  readonly kind: string;
  /** How many followed the first. */
  readonly count: number;
  /** Of the last one. */
  readonly detail: Detail;
  /** Length of the window. */
  readonly seconds: number;
}

interface Window<Detail> {
  count: number;
  detail: Detail;
  readonly cancel: () => void;
}

/** Counts repeats by kind. */
export class Repeats<Detail> {
  readonly #clock: Clock;
  readonly #summarize: (summary: RepeatSummary<Detail>) => void;
  readonly #windows = new Map<string, Window<Detail>>();

  constructor(clock: Clock, summarize: (summary: RepeatSummary<Detail>) => void) {
    this.#clock = clock;
    this.#summarize = summarize;
  }

  /** Whether this is the first of its kind and needs its own line; otherwise it has been counted. */
  isFirst(kind: string, detail: Detail): boolean {
    // Kinds may contain data from the network: memory must stay bounded for any number of them.
    const key = this.#windows.has(kind) || this.#windows.size < MAX_KINDS ? kind : "various";
    const window = this.#windows.get(key);
    if (window !== undefined) {
      window.count++;
      window.detail = detail;
      return false;
    }
    const cancel = this.#clock.after(WINDOW, () => this.#close(key));
    this.#windows.set(key, { count: 0, detail, cancel });
    return true;
  }

  /** Reports now what has been counted so far. */
  flush(): void {
    for (const kind of [...this.#windows.keys()]) this.#close(kind);
  }

  #close(kind: string): void {
    const window = this.#windows.get(kind);
    this.#windows.delete(kind);
    window?.cancel();
    if (window === undefined || window.count === 0) return;
    const { count, detail } = window;
    this.#summarize({ kind, count, detail, seconds: WINDOW / 1000 });
  }
}

/** Milliseconds. */
const WINDOW = 10_000;
const MAX_KINDS = 100;
