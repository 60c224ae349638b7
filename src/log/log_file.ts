/**
 * A file that lines are appended to for as long as the program runs. When its path names another file, as it
 * does after a rotation, that one is opened and the former is closed. It queues nothing: callers wait.
 */

import type { Clock, LogHandle } from "../runtime/runtime.ts";

/** What of a platform a {@linkcode LogFile} needs. */
export interface LogFilePlatform {
  /** See `Files.openLog`. */
  readonly openLog: (path: string) => Promise<LogHandle>;
  readonly clock: Pick<Clock, "now">;
}

/** How a {@linkcode LogFile} is opened. */
export interface LogFileOptions {
  readonly path: string;
  /** Told, once each time it begins, that the path cannot be opened again; lines go to the former file. */
  readonly onFault: (fault: Error) => void;
}

/** An open file of lines. */
export class LogFile {
  readonly #platform: LogFilePlatform;
  readonly #options: LogFileOptions;
  #file: LogHandle;
  #lookedAt: number;
  #failing = false;
  /** One thing at a time. */
  #turn: Promise<void> = Promise.resolve();

  private constructor(platform: LogFilePlatform, options: LogFileOptions, file: LogHandle) {
    this.#platform = platform;
    this.#options = options;
    this.#file = file;
    this.#lookedAt = platform.clock.now();
  }

  /** Opens the file, or makes it. Rejects with {@linkcode StartupError}: path, cause and nothing else. */
  static async open(platform: LogFilePlatform, options: LogFileOptions): Promise<LogFile> {
    const file = await platform.openLog(options.path);
    return new LogFile(platform, options, file);
  }

  /** Appends lines, each with a newline. Rejects as the platform does, for example when the disk is full. */
  write(lines: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#platform.clock.now() - this.#lookedAt >= LOOK_PERIOD) await this.#look();
      await this.#file.append(new TextEncoder().encode(`${lines.join("\n")}\n`));
    });
  }

  /** Opens the path now if it names another file: somebody said that it was rotated. Never rejects. */
  reopen(): Promise<void> {
    return this.#inTurn(() => this.#look());
  }

  async #look(): Promise<void> {
    const { path, onFault } = this.#options;
    try {
      if (!await this.#file.isCurrent()) {
        const former = this.#file;
        this.#file = await this.#platform.openLog(path);
        await former.close();
      }
      this.#failing = false;
    } catch (fault) {
      if (!this.#failing) onFault(fault as Error);
      this.#failing = true;
    }
    this.#lookedAt = this.#platform.clock.now();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {}); // Whoever asked for it is told.
    return done;
  }
}

/** Milliseconds between looks at what the path names. */
const LOOK_PERIOD = 1_000;
