/**
 * The event loop of a worker process, from its first socket on. A worker whose sockets are all the runtime's, because
 * rustls does its TLS, has none: two loops, one inside of the other, would cost it more than they give. Until there
 * is a loop, time is the runtime's.
 */

import type { Clock } from "../runtime.ts";
import { EventLoop } from "./event_loop.ts";

/** The clock of such a process, and its loop. */
export class WorkerLoop implements Clock {
  readonly #runtime: Clock;
  #loop: EventLoop | undefined;

  /** `runtime`: the clock until there is a loop. Both count from the same moment. */
  constructor(runtime: Clock) {
    this.#runtime = runtime;
  }

  /** Undefined until it has begun. */
  get current(): EventLoop | undefined {
    return this.#loop;
  }

  /** Begins it, or gives the one there is. Throws where foreign functions are not allowed. */
  begin(): EventLoop {
    return this.#loop ??= new EventLoop();
  }

  now(): number {
    return this.#clock.now();
  }

  date(): Date {
    return this.#clock.date();
  }

  after(milliseconds: number, callback: () => void): () => void {
    return this.#clock.after(milliseconds, callback);
  }

  turn(): Promise<void> {
    return this.#clock.turn();
  }

  get #clock(): Clock {
    return this.#loop ?? this.#runtime;
  }
}
