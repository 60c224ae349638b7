/**
 * Notices when files no longer are what was read from them, by checking their metadata every few seconds. Replaced
 * files and redirected links change in one step and are seen whatever else happens in the directory. A file that is
 * being written is left alone until it stops changing.
 */

import type { Runtime } from "../runtime/runtime.ts";
import { mapBounded } from "../plan/map_bounded.ts";
import type { Stamps } from "../plan/recorded_files.ts";

/** The parameters of a watch. */
export interface FileWatchOptions {
  /** Milliseconds between two checks. */
  readonly period: number;
  /** Called once for each change, with the paths that have changed. */
  readonly onChange: (paths: readonly string[]) => void;
}

/** Watches files. */
export class FileWatch {
  readonly #runtime: Pick<Runtime, "files" | "clock">;
  readonly #options: FileWatchOptions;
  #stamps: Stamps = new Map();
  /** What the last check found, if it differed. */
  #found: Stamps | undefined;
  #disarm: () => void = () => {};

  constructor(runtime: Pick<Runtime, "files" | "clock">, options: FileWatchOptions) {
    this.#runtime = runtime;
    this.#options = options;
  }

  /** Watches these files from now on, and no others. */
  use(stamps: Stamps): void {
    this.#stamps = stamps;
    this.#found = undefined;
    this.#arm(this.#options.period);
  }

  #arm(milliseconds: number): void {
    this.#disarm();
    this.#disarm = this.#runtime.clock.after(milliseconds, () => this.#look());
  }

  async #look(): Promise<void> {
    const watched = this.#stamps;
    const paths = [...watched.keys()];
    const found = new Map(
      await mapBounded(
        paths,
        AT_ONCE,
        async (path) => [path, await this.#runtime.files.stamp(path)] as const,
      ),
    );
    if (watched !== this.#stamps) return; // Other files are watched by now.
    const changed = paths.filter((path) => found.get(path) !== watched.get(path));
    const isResting = this.#found !== undefined &&
      paths.every((path) => found.get(path) === this.#found?.get(path));
    this.#found = changed.length > 0 ? found : undefined;
    if (changed.length === 0) return this.#arm(this.#period());
    if (!isResting) return this.#arm(SETTLING_TIME);
    this.#stamps = found;
    this.#found = undefined;
    this.#arm(this.#period());
    this.#options.onChange(changed);
  }

  /** Ten thousand files are not checked as often as one. */
  #period(): number {
    return Math.max(this.#options.period, this.#stamps.size * TIME_PER_FILE);
  }
}

/** Files that are checked at the same time. */
const AT_ONCE = 32;
/** Milliseconds that files must stay unchanged. */
const SETTLING_TIME = 500;
/** Milliseconds. A check takes a hundredth of that. */
const TIME_PER_FILE = 5;
