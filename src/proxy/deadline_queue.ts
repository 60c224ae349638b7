/**
 * Deadlines of equal length, such as every handshake's. They expire in the order they began, so one timer serves
 * thousands of them, and to set or lift one costs next to nothing.
 */

import type { Clock } from "../runtime/runtime.ts";

/** A deadline that runs until it is lifted or has expired. */
export interface Deadline {
  /** Clock time. */
  readonly began: number;
  readonly expired: boolean;
  /** Why it expired early; undefined if it did not. */
  readonly early: string | undefined;
  /** Ends the wait in time. Has no effect after expiry. */
  lift(): void;
  /** Expires now, for this reason. */
  expire(early: string): void;
}

/** A queue of deadlines of one length. */
export class DeadlineQueue {
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  #milliseconds: number;
  /** In order of expiry, since a Set keeps the order of insertion. */
  readonly #waiting = new Set<QueuedDeadline>();
  #disarm: (() => void) | undefined;

  /** `onEnd` is called each time a deadline ends, in whatever way. */
  constructor(clock: Clock, milliseconds: number, onEnd: () => void = () => {}) {
    this.#clock = clock;
    this.#onEnd = onEnd;
    this.#milliseconds = milliseconds;
  }

  /** Changes the length of new deadlines. Running ones keep theirs, and a shorter one may have to wait for them. */
  use(milliseconds: number): void {
    this.#milliseconds = milliseconds;
  }

  /** The number of running deadlines. */
  get size(): number {
    return this.#waiting.size;
  }

  /** The deadline that has run longest. */
  get oldest(): Deadline | undefined {
    return this.#waiting.values().next().value;
  }

  /** Starts a deadline now; `expire` is called once, unless the deadline is lifted in time. */
  begin(expire: () => void): Deadline {
    const deadline = new QueuedDeadline(
      this.#clock.now(),
      this.#milliseconds,
      expire,
      this.#remove,
    );
    this.#waiting.add(deadline);
    if (this.#disarm === undefined) this.#arm(this.#milliseconds);
    return deadline;
  }

  /** Expires every deadline now. */
  expireAll(): void {
    for (const deadline of this.#waiting) deadline.run();
  }

  /** One function for all of them, because each connection has several deadlines. */
  readonly #remove = (deadline: QueuedDeadline): void => {
    if (!this.#waiting.delete(deadline)) return;
    if (this.#waiting.size === 0) {
      // A timer that is not needed would keep a program alive.
      this.#disarm?.();
      this.#disarm = undefined;
    }
    this.#onEnd();
  };

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
  readonly began: number;
  readonly at: number;
  readonly #onExpiry: () => void;
  readonly #remove: (deadline: QueuedDeadline) => void;
  expired = false;
  early: string | undefined;

  constructor(
    began: number,
    milliseconds: number,
    onExpiry: () => void,
    remove: (deadline: QueuedDeadline) => void,
  ) {
    this.began = began;
    this.at = began + milliseconds;
    this.#onExpiry = onExpiry;
    this.#remove = remove;
  }

  lift(): void {
    this.#remove(this);
  }

  expire(early: string): void {
    this.early = early;
    this.run();
  }

  run(): void {
    this.lift();
    this.expired = true;
    this.#onExpiry();
  }
}
