/**
 * The handshakes under way in a worker, from the accepted socket on, the PROXY headers before them included. Each
 * has the same deadline. While there are as many as allowed, no client should be accepted: in the kernel's queue
 * clients cost nothing, but inside they would take turns from those that are being served. It accepts nothing
 * itself, and knows no sockets.
 */

import type { Clock } from "../runtime/runtime.ts";
import { type Deadline, DeadlineQueue } from "./deadline_queue.ts";

/** What holds for handshakes. */
export interface HandshakeLimits {
  /** Milliseconds that one may take. */
  readonly timeout: number;
  /** How many may be under way, at least 1. */
  readonly max: number;
}

/** Counts the handshakes of a worker, and ends those that take too long. */
export class HandshakeQueue {
  readonly #clock: Clock;
  readonly #deadlines: DeadlineQueue;
  readonly #onFull: (max: number) => void;
  #max: number;
  #waiting: (() => void)[] = [];
  #disarm: (() => void) | undefined;

  /** `onFull` is called whenever somebody begins to wait for room. */
  constructor(
    clock: Clock,
    { timeout, max }: HandshakeLimits,
    onFull: (max: number) => void = () => {},
  ) {
    this.#clock = clock;
    this.#max = max;
    this.#onFull = onFull;
    this.#deadlines = new DeadlineQueue(clock, timeout, () => {
      if (this.#waiting.length > 0) this.wake();
    });
  }

  /** Sets other limits: the timeout for handshakes that begin from now on, the other one at once. */
  use({ timeout, max }: HandshakeLimits): void {
    this.#deadlines.use(timeout);
    this.#max = max;
    this.wake();
  }

  /** Begins a handshake; `expire` is called once if it has to end before it is done. */
  begin(expire: () => void): Deadline {
    return this.#deadlines.begin(expire);
  }

  /** Whether another client may be accepted: there is room, or a handshake that can give way to it. */
  get hasRoom(): boolean {
    return this.#deadlines.size < this.#max || this.#patience <= 0;
  }

  /** Ends handshakes beyond the limit, as far as they have had their grace: for a client that has been accepted. */
  makeWay(): void {
    while (this.#deadlines.size > this.#max && this.#patience <= 0) {
      const early = `gave way to a new client: --max-handshakes ${this.#max} reached`;
      this.#deadlines.oldest!.expire(early);
    }
  }

  /**
   * Resolves when it is worth looking for room again: a handshake has ended or has had its grace, the limits have
   * changed, or {@linkcode wake} was called. It resolves for everybody who waits, as nobody knows who has clients.
   */
  change(): Promise<void> {
    this.#onFull(this.#max);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#disarm ??= this.#clock.after(Math.ceil(Math.max(this.#patience, 0)), () => this.wake());
    });
  }

  /** Resolves every {@linkcode change} that waits. */
  wake(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Milliseconds until the oldest handshake has had its grace. */
  get #patience(): number {
    const { oldest } = this.#deadlines;
    return oldest === undefined ? Infinity : oldest.began + GRACE - this.#clock.now();
  }
}

/**
 * Milliseconds that a handshake has even if others wait. A client on the slowest of links, by satellite, needs two
 * round trips of 0.7 s; one that stays silent should hold up the others for no longer than that.
 */
const GRACE = 2_000;
