/** The pidfile of a running stud: claimed at the start, or when its predecessor has released it. */

import type { ServiceSettings } from "../config/settings.ts";
import { pause, type Runtime } from "../runtime/runtime.ts";

/** A pidfile that is claimed at the start, or when the stud that this one replaces has released it. */
export class PidFileHolder {
  readonly #settings: ServiceSettings;
  readonly #runtime: Runtime;
  #held: { release(): Promise<void> } | undefined;
  #over = false;

  constructor(settings: ServiceSettings, runtime: Runtime) {
    this.#settings = settings;
    this.#runtime = runtime;
  }

  /** Rejects with {@linkcode StartupError} if another process holds it, or if it can never be claimed. */
  async claim(): Promise<void> {
    const { pidFile, takeover } = this.#settings;
    if (pidFile === undefined) return;
    if (takeover !== undefined) {
      // It is no fault that the other stud still holds it, but a file that can never be claimed is one.
      await this.#runtime.service.checkPidFile(pidFile);
      return this.#claimWhenFree(pidFile);
    }
    this.#held = await this.#runtime.service.claimPidFile(pidFile);
  }

  async #claimWhenFree(path: string, attempts = 1): Promise<void> {
    const { service, clock } = this.#runtime;
    try {
      this.#held = await service.claimPidFile(path);
      if (this.#over) await this.release();
    } catch {
      if (this.#over) return;
      const wait = attempts < QUICK_ATTEMPTS ? QUICK_PAUSE : PID_FILE_PAUSE;
      pause(clock, wait).then(() => this.#claimWhenFree(path, attempts + 1));
    }
  }

  /** Removes the pidfile if it is this process's. */
  async release(): Promise<void> {
    this.#over = true;
    const held = this.#held;
    this.#held = undefined;
    await held?.release();
  }
}

/** Milliseconds between two attempts at a pidfile that the predecessor still holds. */
const PID_FILE_PAUSE = 1_000;
/** The same at first: the predecessor releases it as soon as this stud serves, and a missing file misleads scripts. */
const QUICK_PAUSE = 100;
const QUICK_ATTEMPTS = 150;
