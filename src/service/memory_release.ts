/**
 * Makes a supervisor release the memory that it needed to read thousands of certificates. It does so little afterwards
 * that neither V8 nor the C library would release it, and it would stay at its peak for as long as it runs.
 */

import type { Clock, Kernel } from "../runtime/runtime.ts";

/** What of the platform is needed. */
export interface MemoryReleaseRuntime {
  readonly clock: Pick<Clock, "after">;
  readonly kernel: Pick<Kernel, "compactMemory"> | undefined;
}

/** Releases memory a while after certificates have been read, and before they are read again. */
export class MemoryRelease {
  readonly #runtime: MemoryReleaseRuntime;
  /** Undefined if nothing is to be released. */
  #cancel: (() => void) | undefined;

  constructor(runtime: MemoryReleaseRuntime) {
    this.#runtime = runtime;
  }

  /** Call it before certificates are read again: what the last reading has left must not be added to. */
  before(): void {
    if (this.#cancel !== undefined) this.#release();
  }

  /** Call it when this many certificates have been read, before they are sent to the workers, which needs memory too. */
  async between(certificates: number): Promise<void> {
    if (certificates >= THOUSANDS) await this.#runtime.kernel?.compactMemory?.();
  }

  /** Call it when this many certificates have been read and sent to the workers. */
  after(certificates: number): void {
    this.stop();
    if (certificates < MANY) return;
    this.#cancel = this.#runtime.clock.after(PAUSE, () => this.#release());
  }

  /** Cancels the release. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #release(): void {
    this.stop();
    void this.#runtime.kernel?.compactMemory?.();
  }
}

/** For fewer certificates the release is not worth a tenth of a second. */
const MANY = 500;
/** For fewer the memory of a reading and that of a sending together are no trouble. */
const THOUSANDS = 5_000;
/** Milliseconds, in which the last data goes to the workers. */
const PAUSE = 1_000;
