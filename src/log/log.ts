/**
 * Where the supervisor's log lines go: info to standard output, the rest to standard error, or everything to a file;
 * also to syslog if configured. Workers send their lines to the supervisor, and only it writes.
 */

import type { LogSettings } from "../config/settings.ts";
import { counted } from "../counted.ts";
import { type LogLevel, StartupError } from "../errors.ts";
import { pause, type Runtime, type StandardStream } from "../runtime/runtime.ts";
import { LineQueue } from "./line_queue.ts";
import { LogFile } from "./log_file.ts";
import { factsOf, type LineFacts, type LineSink } from "./logger.ts";
import { printable } from "../wire/escape.ts";
import type { LogSink, OpenSink } from "./log_sink.ts";
import { MACHINE_STAMPS, plainStamp, type Stamp } from "./stamps.ts";
import { openSyslog } from "./syslog.ts";

export {
  type About,
  type ConfiguredLog,
  configureLog,
  type LineSink,
  type Logger,
} from "./logger.ts";

export { hitchStamp, plainStamp, type Stamp } from "./stamps.ts";

/** Options of {@linkcode Outputs}. */
export interface OutputOptions {
  readonly settings: LogSettings;
  /** The process has no standard streams. */
  readonly detached?: boolean;
  /** For lines as text. Default: {@linkcode plainStamp}. */
  readonly stamp?: Stamp;
}

/** The supervisor's outputs. */
export class Outputs {
  readonly #runtime: Runtime;
  readonly #stdout: LineQueue;
  readonly #stderr: LineQueue;
  readonly #sinks: readonly LogSink[];
  readonly #options: OutputOptions;
  #file: LogFile | undefined;

  constructor(runtime: Runtime, options: OutputOptions) {
    this.#runtime = runtime;
    this.#options = options;
    this.#stdout = this.#standard("stdout");
    this.#stderr = this.#standard("stderr");
    const site = { runtime, sayElsewhere: this.#sayLocally, body: this.#body };
    this.#sinks = SINKS.flatMap((open) => open(options.settings, site) ?? []);
  }

  /** The outputs, with the file open if there is one. Rejects with {@linkcode StartupError}. */
  static async open(runtime: Runtime, options: OutputOptions): Promise<Outputs> {
    const outputs = new Outputs(runtime, options);
    const { file } = options.settings;
    if (file === undefined) return outputs;
    const lossLine = (lost: number) =>
      outputs.#stamp(
        "warning",
        `${counted(lost, "log line")} lost: could not write them (disk full?)`,
        { event: "log_lines_lost", fields: { count: lost } },
      );
    try {
      outputs.#file = await LogFile.open(runtime, file, lossLine);
    } catch (error) {
      throw new StartupError(`--log-filename ${(error as Error).message}`, { cause: error });
    }
    outputs.#file.onTrouble = (reason) =>
      outputs.sink(
        "error",
        `--log-filename: cannot reopen the file, keeping the old one: ${printable(reason)}`,
        { event: "log_reopen_failed", fields: factsOf({ reason }) },
      );
    return outputs;
  }

  /** The sink for {@linkcode configureLog}. */
  readonly sink: LineSink = (level, text, about) => {
    this.#sayLocally(level, text, about);
    for (const sink of this.#sinks) sink.send(level, text, about);
  };

  readonly #sayLocally: LineSink = (level, text, about) => {
    this.#local(level)?.push(this.#stamp(level, text, about));
  };

  /** A line for sinks that add date and level in their own way, as programs read it or as text. */
  readonly #body = (level: LogLevel, text: string, about: LineFacts): string =>
    this.#options.settings.format === "text" ? text : this.#stamp(level, text, about);

  /** Writes lines unchanged to standard output: they belong to another log. */
  plain(lines: readonly string[]): void {
    for (const line of lines) this.#stdout.push(line);
  }

  /** Whether the log can be read where stud was started. */
  get onStandardStreams(): boolean {
    return this.#file === undefined && !this.#options.detached;
  }

  /** Opens the file again, after a rotation. Never rejects. */
  async reopen(): Promise<void> {
    await this.#file?.reopen();
  }

  #local(level: LogLevel): LogFile | LineQueue | undefined {
    if (!this.onStandardStreams) return this.#file;
    return level === "info" || level === "debug" ? this.#stdout : this.#stderr;
  }

  /** Waits until everything is written, but only for a moment: a stalled reader must not keep stud running. */
  async flushed(): Promise<void> {
    const all = [this.#stdout, this.#stderr, this.#file, ...this.#sinks]
      .map((output) => output?.flushed());
    const limit = pause(this.#runtime.clock, FLUSH_LIMIT);
    await Promise.race([Promise.all(all), limit]);
  }

  #standard(stream: StandardStream): LineQueue {
    const write = (lines: readonly string[]) =>
      this.#runtime.processes.write(stream, new TextEncoder().encode(`${lines.join("\n")}\n`));
    return new LineQueue(write, {
      max: 5_000,
      batch: 200,
      lossLine: (lost) =>
        this.#stamp("warning", `${counted(lost, "log line")} lost: they were not read in time`, {
          event: "log_lines_lost",
          fields: { count: lost },
        }),
    });
  }

  #stamp(level: LogLevel, text: string, about: LineFacts): string {
    const { clock, processes: { pid } } = this.#runtime;
    const { settings: { format }, stamp = plainStamp } = this.#options;
    const form = format === "text" ? stamp : MACHINE_STAMPS[format];
    return form({ date: clock.date(), pid, level, text, ...about });
  }
}

/** Further sinks for the log's lines, in this order. */
const SINKS: readonly OpenSink[] = [openSyslog];
/** Milliseconds. */
const FLUSH_LIMIT = 1_000;
