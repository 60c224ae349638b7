/**
 * Does one piece of work at a time, however often it is asked for: what comes while it runs is done once more
 * afterwards, together.
 */
export class Turns {
  readonly #work: () => Promise<void>;
  #running: Promise<void> | undefined;
  #again = false;

  /** `work` handles its own faults. */
  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Asks for the work. */
  request(): void {
    this.#again = true;
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is under way any more. */
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
