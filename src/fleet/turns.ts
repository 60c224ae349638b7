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

  /** Runs other work while none of this runs; what is requested meanwhile follows. */
  async between<Result>(other: () => Promise<Result>): Promise<Result> {
    while (this.#running !== undefined) await this.#running;
    const result = other();
    this.#running = result.then(() => {}, () => {}).then(() => this.#run());
    return await result;
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
