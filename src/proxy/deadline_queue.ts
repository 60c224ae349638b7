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
  #milliseconds: number;
  /** In order of expiry, since a Set keeps the order of insertion. */
  readonly #waiting = new Set<QueuedDeadline>();
  #disarm: (() => void) | undefined;

  constructor(clock: Clock, milliseconds: number) {
    this.#clock = clock;
    this.#milliseconds = milliseconds;
  }

  /**
   * Gives deadlines another length from now on. Those that run keep theirs, and a shorter one may have to wait for
   * them.
   */
  use(milliseconds: number): void {
    this.#milliseconds = milliseconds;
  }

  /** Begins a deadline now; `expire` is called once if nobody lifts it in time. */
  begin(expire: () => void): Deadline {
    const at = this.#clock.now() + this.#milliseconds;
    const deadline = new QueuedDeadline(at, expire, () => this.#remove(deadline));
    this.#waiting.add(deadline);
    if (this.#disarm === undefined) this.#arm(this.#milliseconds);
    return deadline;
  }

  /** Lets every deadline expire now. */
  expireAll(): void {
    for (const deadline of this.#waiting) deadline.run();
  }

  #remove(deadline: QueuedDeadline): void {
    this.#waiting.delete(deadline);
    if (this.#waiting.size > 0) return;
    // A timer that nobody needs would keep a program alive.
    this.#disarm?.();
    this.#disarm = undefined;
  }

  #arm(milliseconds: number): void {
    this.#disarm = this.#clock.after(milliseconds, () => this.#sweep());
  }

  #sweep(): void {
    this.#disarm = undefined;
    const now = this.#clock.now();
    for (const deadline of this.#waiting) {
      if (deadline.at > now) return this.#arm(Math.ceil(deadline.at - now));
      deadline.run();
    }
  }
}

class QueuedDeadline implements Deadline {
  readonly at: number;
  readonly lift: () => void;
  readonly #expire: () => void;
  expired = false;

  constructor(at: number, expire: () => void, lift: () => void) {
    this.at = at;
    this.lift = lift;
    this.#expire = expire;
  }

  run(): void {
    this.lift();
    this.expired = true;
    this.#expire();
  }
}
