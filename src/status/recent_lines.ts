/** What the log has said: how many lines of each level, and the latest warnings and errors. */

import type { LogLevel } from "../errors.ts";
import type { Clock } from "../runtime/runtime.ts";
import type { LogLineStatus } from "./status.ts";

/** Listens to the log. */
export class RecentLines {
  readonly #clock: Pick<Clock, "date">;
  readonly #counts: Record<LogLevel, number> = { debug: 0, info: 0, warning: 0, error: 0 };
  /** The oldest first. */
  readonly #lines: LogLineStatus[] = [];

  constructor(clock: Pick<Clock, "date">) {
    this.#clock = clock;
  }

  /** Takes a line that was logged. */
  take(level: LogLevel, text: string): void {
    this.#counts[level]++;
    if (level !== "warning" && level !== "error") return;
    const time = this.#clock.date().toISOString();
    const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
    this.#lines.push({ time, level, text: short });
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
  }

  /** How many lines of each level have been logged. */
  get counts(): Readonly<Record<LogLevel, number>> {
    return this.#counts;
  }

  /** The latest warnings and errors, the latest first. */
  get latest(): LogLineStatus[] {
    return [...this.#lines].reverse();
  }
}

const MAX_LINES = 50;
/** UTF-16 code units of one line. */
const MAX_TEXT = 1_000;
