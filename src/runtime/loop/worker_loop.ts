/**
 * The event loop of a worker process, from its first socket. A worker whose TLS is rustls has no such loop, because all
 * its sockets belong to the runtime: two nested loops would cost more than they save. Until there is a loop, the
 * runtime's clock is used.
 */

import type { Clock } from "../runtime.ts";
import { EventLoop } from "./event_loop.ts";

/** The clock of such a process, and its loop. */
export class WorkerLoop implements Clock {
  readonly #runtime: Clock;
  #loop: EventLoop | undefined;

  /** `runtime` is the clock until there is a loop. Both count from the same moment. */
  constructor(runtime: Clock) {
    this.#runtime = runtime;
  }

  /** Undefined until it has begun. */
  get current(): EventLoop | undefined {
    return this.#loop;
  }

  /** Begins the loop, or returns the existing one. Throws where foreign functions are not allowed. */
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
