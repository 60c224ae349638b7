/**
 * The log of the program: converts templates and values to finished lines for a sink. A worker needs nothing else for
 * logging. The library logs through LogTape instead (library_log.ts), which has the same methods.
 */

import type { LogLevel } from "../errors.ts";
import { printable } from "../wire/escape.ts";

/** Takes one finished line. */
export type LineSink = (level: LogLevel, text: string) => void;

/** Writes lines: `{name}` in a message is replaced by the value of that name. No method throws. */
export interface Logger {
  debug(message: string, values?: Record<string, unknown>): void;
  info(message: string, values?: Record<string, unknown>): void;
  warning(message: string, values?: Record<string, unknown>): void;
  error(message: string, values?: Record<string, unknown>): void;
}

/** A logger whose minimum level can change while others use it. */
export interface ConfiguredLog extends Logger {
  /** Lines below this level are dropped. */
  lowest: LogLevel;
}

/** A logger that sends every record of at least this level to a sink, as a line that is safe to print. */
export function configureLog(sink: LineSink, lowest: LogLevel): ConfiguredLog {
  return new LineLog(sink, lowest);
}

class LineLog implements ConfiguredLog {
  lowest: LogLevel;
  readonly #sink: LineSink;

  constructor(sink: LineSink, lowest: LogLevel) {
    this.#sink = sink;
    this.lowest = lowest;
  }

  debug(message: string, values?: Record<string, unknown>): void {
    this.#write("debug", message, values);
  }

  info(message: string, values?: Record<string, unknown>): void {
    this.#write("info", message, values);
  }

  warning(message: string, values?: Record<string, unknown>): void {
    this.#write("warning", message, values);
  }

  error(message: string, values?: Record<string, unknown>): void {
    this.#write("error", message, values);
  }

  #write(level: LogLevel, message: string, values: Record<string, unknown> = {}): void {
    if (RANK[level] < RANK[this.lowest]) return;
    const text = message.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
    this.#sink(level, printable(text));
  }
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warning: 2, error: 3 };
