/**
 * Resets connections whose end must not look orderly, or that cannot be ended in any other way. The reset happens
 * at once, or as soon as the peer has received what was written to it. How to reset is up to the platform.
 */

import { type Deferred, deferred } from "../deferred.ts";
import type { Clock, Duplex } from "../runtime/runtime.ts";

/** A connection that can be aborted. */
export type Abortable = Pick<Duplex, "reset" | "unsent">;

/** Whether written data must reach the peer first or is discarded. */
export type AbortMoment = "now" | "when-sent";

interface WaitingAbort {
  /** Clock time after which unsent data is discarded. */
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
   * Resets the connection. Pending reads and writes fail, and the promise resolves when the reset is done; the
   * owner must not close it before. `when-sent` lets data already written arrive first, for
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

  /** Cancels an abort that is no longer needed. */
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

/** Max milliseconds for data already written to arrive before the reset. */
export const FLUSH_LIMIT = 2_000;
/** Milliseconds before the first check: a TLS library may pass its records to the kernel only after a write returns. */
const FIRST_PAUSE = 5;
const NEXT_PAUSE = 20;
const DONE = Promise.resolve();
