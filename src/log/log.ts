/**
 * Where log records go. In the supervisor: information to standard output, the rest to standard error, and
 * all of it to syslog where asked. In a worker: to the supervisor, which alone writes.
 */

import { configureSync, getLogger, type Logger, type LogRecord } from "@logtape/logtape";
import type { LogLevel } from "../errors.ts";
import { pause, type Runtime, type StandardStream } from "../runtime/runtime.ts";
import { LineQueue } from "./line_queue.ts";
import { printable } from "./printable.ts";
import { Syslog } from "./syslog.ts";

export type { Logger };

/** Takes one finished line. */
export type LineSink = (level: LogLevel, text: string) => void;

/** The category under which all of stud logs; programs that use the library configure it by this name. */
export const LOG_CATEGORY = "stud";

/** stud's logger. Quiet until somebody configures a sink. */
export function studLogger(): Logger {
  return getLogger([LOG_CATEGORY]);
}

/** Sends every record of at least a level to a sink, as a line that is safe to print. */
export function configureLog(sink: LineSink, lowest: LogLevel): Logger {
  configureSync({
    reset: true,
    sinks: { stud: (record) => sink(levelOf(record), printable(textOf(record))) },
    loggers: [
      { category: LOG_CATEGORY, lowestLevel: lowest, sinks: ["stud"] },
      { category: ["logtape", "meta"], lowestLevel: null, sinks: [] },
    ],
  });
  return studLogger();
}

/** Options of {@linkcode Outputs}. */
export interface OutputOptions {
  /** The syslog facility, or undefined for no syslog. */
  readonly syslogFacility: string | undefined;
}

/** The supervisor's outputs. */
export class Outputs {
  readonly #runtime: Runtime;
  readonly #stdout: LineQueue;
  readonly #stderr: LineQueue;
  readonly #syslog: Syslog | undefined;

  constructor(runtime: Runtime, options: OutputOptions) {
    this.#runtime = runtime;
    this.#stdout = this.#standard("stdout");
    this.#stderr = this.#standard("stderr");
    this.#syslog = options.syslogFacility === undefined
      ? undefined
      : new Syslog(runtime, { facility: options.syslogFacility, identity: "stud" });
  }

  /** The sink for {@linkcode configureLog}. */
  readonly sink: LineSink = (level, text) => {
    const queue = level === "info" || level === "debug" ? this.#stdout : this.#stderr;
    queue.push(this.#stamp(level, text));
    this.#syslog?.send(level, text);
  };

  /** Lines for standard output as they are: another log than this one. */
  plain(lines: readonly string[]): void {
    for (const line of lines) this.#stdout.push(line);
  }

  /** Waits until everything is written, for a moment at most: a stalled reader must not keep us alive. */
  async flushed(): Promise<void> {
    const all = [this.#stdout, this.#stderr, this.#syslog].map((output) => output?.flushed());
    const limit = pause(this.#runtime.clock, FLUSH_LIMIT);
    await Promise.race([Promise.all(all), limit]);
  }

  #standard(stream: StandardStream): LineQueue {
    const write = (lines: readonly string[]) =>
      this.#runtime.processes.write(stream, new TextEncoder().encode(`${lines.join("\n")}\n`));
    return new LineQueue(write, {
      most: 5_000,
      batch: 200,
      lossLine: (lost) => this.#stamp("warning", `${lost} log lines lost: nobody read them`),
    });
  }

  #stamp(level: LogLevel, text: string): string {
    return `${this.#runtime.clock.date().toISOString()} ${level}: ${text}`;
  }
}

function levelOf(record: LogRecord): LogLevel {
  switch (record.level) {
    case "trace":
    case "debug":
      return "debug";
    case "info":
      return "info";
    case "warning":
      return "warning";
    default:
      return "error";
  }
}

/** LogTape alternates the template's text with the values put into it. */
function textOf(record: LogRecord): string {
  return record.message.map((part) => String(part)).join("");
}

/** Milliseconds. */
const FLUSH_LIMIT = 1_000;
