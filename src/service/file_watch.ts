/**
 * Notices when files are no longer what was read from them, by looking at them from outside every few seconds.
 * Files that are replaced, and links that lead elsewhere, change in one step and are seen whatever else the
 * directory does; a file that is being written is left alone until it rests.
 */

import type { Runtime } from "../runtime/runtime.ts";
import { mapBounded } from "../plan/map_bounded.ts";
import type { Stamps } from "../plan/recorded_files.ts";

/** What a watch is made of. */
export interface FileWatchOptions {
  /** Milliseconds between two looks. */
  readonly period: number;
  /** Called once for each change, with the paths that have changed. */
  readonly onChange: (paths: readonly string[]) => void;
}

/** Looks after files. */
export class FileWatch {
  readonly #runtime: Pick<Runtime, "files" | "clock">;
  readonly #options: FileWatchOptions;
  #stamps: Stamps = new Map();
  /** What the last look found, if that was something else. */
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
    if (watched !== this.#stamps) return; // Others are watched by now.
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

  /** Ten thousand files are not looked at as often as one. */
  #period(): number {
    return Math.max(this.#options.period, this.#stamps.size * TIME_PER_FILE);
  }
}

/** Files that are looked at together. */
const AT_ONCE = 32;
/** Milliseconds that files have to stay as they are. */
const SETTLING_TIME = 500;
/** Milliseconds. A look takes a hundredth of that. */
const TIME_PER_FILE = 5;
