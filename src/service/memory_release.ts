/**
 * Has a supervisor give back what it needed to read thousands of certificates: it does so little afterwards that neither
 * V8 nor the C library would find the time, and it would keep its peak for as long as it runs.
 */

import type { Clock, Kernel } from "../runtime/runtime.ts";

/** What of the platform is needed. */
export interface MemoryReleaseRuntime {
  readonly clock: Pick<Clock, "after">;
  readonly kernel: Pick<Kernel, "compactMemory"> | undefined;
}

/** Gives memory back a while after certificates have been read. */
export class MemoryRelease {
  readonly #runtime: MemoryReleaseRuntime;
  #cancel: () => void = () => {};

  constructor(runtime: MemoryReleaseRuntime) {
    this.#runtime = runtime;
  }

  /** To be called when so many certificates have been read, and workers have been told them. */
  after(certificates: number): void {
    this.#cancel();
    if (certificates < MANY) return;
    const { clock, kernel } = this.#runtime;
    this.#cancel = clock.after(PAUSE, () => void kernel?.compactMemory?.());
  }

  /** Waits no more. */
  stop(): void {
    this.#cancel();
  }
}

/** What fewer need is not worth a tenth of a second. */
const MANY = 500;
/** Milliseconds, in which the last pieces leave for the workers. */
const PAUSE = 1_000;
