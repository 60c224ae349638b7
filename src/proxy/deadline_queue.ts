/**
 * Deadlines that are all equally long, such as every handshake's: they expire in the order they began, so
 * one timer serves thousands of them, and setting or lifting one costs next to nothing.
 */

import type { Clock } from "../runtime/runtime.ts";

/** A deadline that runs until it is lifted or has expired. */
export interface Deadline {
  readonly expired: boolean;
  /** Ends the wait in time. Harmless after the expiry. */
  lift(): void;
}

/** A queue of deadlines of one length. */
export class DeadlineQueue {
  readonly #clock: Clock;
  readonly #milliseconds: number;
  /** In order of expiry, since a Set keeps the order of insertion. */
  readonly #waiting = new Set<QueuedDeadline>();
  #armed = false;

  constructor(clock: Clock, milliseconds: number) {
    this.#clock = clock;
    this.#milliseconds = milliseconds;
  }

  /** Begins a deadline now; `expire` is called once if nobody lifts it in time. */
  begin(expire: () => void): Deadline {
    const at = this.#clock.now() + this.#milliseconds;
    const deadline = new QueuedDeadline(this.#waiting, at, expire);
    this.#waiting.add(deadline);
    if (!this.#armed) this.#arm(this.#milliseconds);
    return deadline;
  }

  #arm(milliseconds: number): void {
    this.#armed = true;
    this.#clock.after(milliseconds, () => this.#sweep());
  }

  #sweep(): void {
    this.#armed = false;
    const now = this.#clock.now();
    for (const deadline of this.#waiting) {
      if (deadline.at > now) return this.#arm(Math.ceil(deadline.at - now));
      deadline.run();
    }
  }
}

class QueuedDeadline implements Deadline {
  readonly at: number;
  readonly #waiting: Set<QueuedDeadline>;
  readonly #expire: () => void;
  expired = false;

  constructor(waiting: Set<QueuedDeadline>, at: number, expire: () => void) {
    this.#waiting = waiting;
    this.at = at;
    this.#expire = expire;
  }

  lift(): void {
    this.#waiting.delete(this);
  }

  run(): void {
    this.lift();
    this.expired = true;
    this.#expire();
  }
}
