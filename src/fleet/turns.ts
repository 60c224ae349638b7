/**
 * Runs one piece of work at a time, however often it is requested. All requests that arrive while it runs are served by
 * one more run.
 */
export class Turns {
  readonly #work: () => Promise<void>;
  #running: Promise<void> | undefined;
  #again = false;

  /** `work` handles its own errors. */
  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Requests the work. */
  request(): void {
    this.#again = true;
    this.#running ??= this.#run();
  }

  /** Resolves when no work is running. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      await this.#work();
    }
    this.#running = undefined;
  }
}
