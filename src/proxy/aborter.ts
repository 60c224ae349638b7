/**
 * Ends connections that must not look as if they had ended in order, or that cannot be ended otherwise: by
 * reset, at once or as soon as the peer has what was written to it. How a reset is done is the platform's own.
 */

import { type Deferred, deferred } from "../deferred.ts";
import type { Clock, Duplex } from "../runtime/runtime.ts";

/** A connection that can be aborted. */
export type Abortable = Pick<Duplex, "reset" | "unsent">;

/** Whether what has been written must reach the peer first, or is thrown away. */
export type AbortMoment = "now" | "when-sent";

interface WaitingAbort {
  /** Clock time from which on unsent data no longer counts. */
  readonly giveUpAt: number;
  readonly done: Deferred<void>;
}

/** Carries out aborts. */
export class Aborter {
  readonly #clock: Clock;
  readonly #waiting = new Map<Abortable, WaitingAbort>();
  #armed = false;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /**
   * Resets the connection: reads and writes that wait on it fail, and the promise resolves when that is done.
   * The owner closes it only then. `when-sent` lets data already written arrive first, for
   * {@linkcode FLUSH_LIMIT} at most.
   */
  abort(target: Abortable, moment: AbortMoment): Promise<void> {
    if (moment === "now") {
      target.reset();
      this.forget(target);
      return DONE;
    }
    const waiting = this.#waiting.get(target) ??
      { giveUpAt: this.#clock.now() + FLUSH_LIMIT, done: deferred<void>() };
    this.#waiting.set(target, waiting);
    this.#arm(FIRST_PAUSE);
    return waiting.done.promise;
  }

  /** Drops an abort that is no longer needed. */
  forget(target: Abortable): void {
    this.#waiting.get(target)?.done.resolve();
    this.#waiting.delete(target);
  }

  #arm(milliseconds: number): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#clock.after(milliseconds, () => this.#look());
  }

  #look(): void {
    this.#armed = false;
    const now = this.#clock.now();
    for (const [target, { giveUpAt }] of this.#waiting) {
      if (now < giveUpAt && target.unsent() > 0) continue;
      target.reset();
      this.forget(target);
    }
    if (this.#waiting.size > 0) this.#arm(NEXT_PAUSE);
  }
}

/** Milliseconds for which data already written may still travel before the reset. */
export const FLUSH_LIMIT = 2_000;
/** Milliseconds before the first look: a TLS library may give its records to the kernel behind a write. */
const FIRST_PAUSE = 5;
const NEXT_PAUSE = 20;
const DONE = Promise.resolve();
