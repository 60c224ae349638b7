/**
 * A queue of lines for a slow reader. Pushing never waits. While the reader stalls, a bounded number of lines is kept
 * and the rest is counted. The count is reported as soon as the reader continues.
 */

/** Writes lines, and may take as long as it needs. If it rejects, the lines are lost. */
export type WriteLines = (lines: readonly string[]) => Promise<void>;

/** Options of a {@linkcode LineQueue}. */
export interface LineQueueOptions {
  /** Lines kept while the reader stalls. */
  readonly max: number;
  /** Lines written at once. */
  readonly batch: number;
  /** Makes the line that reports how many lines were lost. */
  readonly lossLine?: (lost: number) => string;
  /** Reports elsewhere how many lines were lost, once lines can be written again. */
  readonly onLoss?: (lost: number) => void;
  /** Waits for more lines while there are fewer than a batch; undefined: lines are written immediately. */
  readonly gather?: () => Promise<void>;
}

/** A bounded queue of lines in front of a writer. */
export class LineQueue {
  readonly #write: WriteLines;
  readonly #options: LineQueueOptions;
  #waiting: string[] = [];
  #lost = 0;
  #draining: Promise<void> | undefined;

  constructor(write: WriteLines, options: LineQueueOptions) {
    this.#write = write;
    this.#options = options;
  }

  /** Queues a line, without a newline. A needed line is kept even if the queue is full. */
  push(line: string, isNeeded = false): void {
    if (!isNeeded && this.#waiting.length >= this.#options.max) {
      this.#lost++;
      return;
    }
    this.#waiting.push(line);
    this.#draining ??= this.#drain();
  }

  /** Resolves when everything pushed so far has been written or lost. */
  async flushed(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
  }

  async #drain(): Promise<void> {
    const { batch, gather, lossLine, onLoss } = this.#options;
    while (this.#waiting.length > 0) {
      if (gather !== undefined && this.#waiting.length < batch) await gather();
      const lines = this.#waiting.splice(0, batch);
      const lost = this.#lost;
      this.#lost = 0;
      try {
        const loss = lost > 0 ? lossLine?.(lost) : undefined;
        await this.#write(loss === undefined ? lines : [...lines, loss]);
        if (lost > 0) onLoss?.(lost);
      } catch {
        this.#lost += lost + lines.length;
      }
    }
    this.#draining = undefined;
  }
}
