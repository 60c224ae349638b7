/**
 * The log file: appends lines, even if the file is renamed. It is opened again on request (after a rotation, on
 * SIGHUP), and automatically when the path names another file. When the disk is full, lines are lost and counted, but
 * nothing else fails.
 */

import type { LogHandle, Runtime } from "../runtime/runtime.ts";
import { LineQueue } from "./line_queue.ts";

/** An open log file. */
export class LogFile {
  readonly #runtime: Runtime;
  readonly #path: string;
  readonly #queue: LineQueue;
  #file: LogHandle;
  #checked: number;
  /** Operations on the file run in order. */
  #last: Promise<void> = Promise.resolve();
  /** A write failed and may have left part of a line. */
  #torn = false;
  #stuck = false;
  /** Called when the file cannot be opened again; writing continues to the old one. */
  onTrouble: (reason: string) => void = () => {};
  /** Called when lines cannot be written, once until writing works again. */
  onFailure: (reason: string) => void = () => {};
  /** Called with the number of lost lines, once lines can be written again. */
  onLoss: (lost: number) => void = () => {};

  private constructor(
    runtime: Runtime,
    path: string,
    file: LogHandle,
    lossLine: LossLine | undefined,
  ) {
    this.#runtime = runtime;
    this.#path = path;
    this.#file = file;
    this.#checked = runtime.clock.now();
    this.#queue = new LineQueue((lines) => this.#inOrder(() => this.#write(lines)), {
      max: 5_000,
      batch: 200,
      lossLine,
      onLoss: (lost) => this.onLoss(lost),
    });
  }

  /** Opens the file; `lossLine` makes the line that reports lost lines. Rejects with {@linkcode StartupError}. */
  static async open(runtime: Runtime, path: string, lossLine?: LossLine): Promise<LogFile> {
    return new LogFile(runtime, path, await runtime.service.openLog(path), lossLine);
  }

  /** Queues a line, without a newline. */
  push(line: string): void {
    this.#queue.push(line);
  }

  /**
   * Opens the path again immediately, because the program that renamed the file may compress it next. Never rejects.
   */
  reopen(): Promise<void> {
    return this.#inOrder(() => this.#openAnew());
  }

  /** Resolves when everything pushed so far has been written or lost. */
  flushed(): Promise<void> {
    return this.#queue.flushed();
  }

  #inOrder(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  async #write(lines: readonly string[]): Promise<void> {
    const now = this.#runtime.clock.now();
    if (now - this.#checked >= CHECK_PERIOD) {
      this.#checked = now;
      if (!await this.#file.isCurrent()) await this.#openAnew();
    }
    const start = this.#torn ? "\n" : "";
    try {
      await this.#file.append(new TextEncoder().encode(`${start}${lines.join("\n")}\n`));
      this.#torn = false;
    } catch (error) {
      const first = !this.#torn;
      this.#torn = true;
      if (first) this.onFailure((error as Error).message);
      throw error;
    }
  }

  async #openAnew(): Promise<void> {
    try {
      const next = await this.#runtime.service.openLog(this.#path);
      await this.#file.close();
      this.#file = next;
      this.#stuck = false;
      this.#torn = false;
    } catch (error) {
      const first = !this.#stuck;
      this.#stuck = true;
      if (first) this.onTrouble((error as Error).message);
    }
  }
}

type LossLine = (lost: number) => string;

/** Milliseconds between two checks that the path still names the file. */
const CHECK_PERIOD = 1_000;
