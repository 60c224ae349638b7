/**
 * Ends connections that must not look as if they had ended in order, or that cannot be ended otherwise.
 *
 * Some runtimes reset a connection themselves. Deno's `close()` leaves a TLS connection open for as long as
 * its handshake stalls or its peer takes no data, so on Linux the connection is reset by the kernel, which
 * wakes whatever waits on it. Finding a socket takes a walk over all descriptors; aborts are therefore
 * gathered and done together.
 */

import { type Deferred, deferred } from "../deferred.ts";
import type { Runtime, SocketPair } from "../runtime/runtime.ts";

/** A connection that can be aborted. */
export interface Abortable {
  /** Undefined for a unix socket, which is simply closed. */
  readonly pair: SocketPair | undefined;
  /** See {@linkcode Duplex.reset}. */
  reset?(): void;
  close(): void;
}

/** Whether what has been written must reach the peer first, or is thrown away. */
export type AbortMoment = "now" | "when-sent";

interface PendingAbort {
  readonly target: Abortable;
  readonly pair: SocketPair;
  /** Clock time from which on unsent data no longer counts. */
  readonly giveUpAt: number;
  readonly done: Deferred<void>;
}

/** Gathers aborts and carries them out a few milliseconds later. */
export class Aborter {
  readonly #runtime: Runtime;
  readonly #pending = new Map<Abortable, PendingAbort>();
  #armed = false;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /**
   * Resets the connection: reads and writes that wait on it fail, and the promise resolves when that is done.
   * The owner closes it only then. `when-sent` lets data already written arrive first, for
   * {@linkcode FLUSH_LIMIT} at most.
   */
  abort(target: Abortable, moment: AbortMoment): Promise<void> {
    const pair = pairOf(target);
    const atOnce = moment === "now" && target.reset !== undefined;
    if (atOnce || pair === undefined || this.#runtime.kernel === undefined) {
      this.forget(target);
      end(target);
      return Promise.resolve();
    }
    const now = this.#runtime.clock.now();
    const giveUpAt = moment === "now" ? now : now + FLUSH_LIMIT;
    const done = this.#pending.get(target)?.done ?? deferred<void>();
    this.#pending.set(target, { target, pair, giveUpAt, done });
    this.#arm(FIRST_PAUSE);
    return done.promise;
  }

  /** Drops an abort that is no longer needed: the addresses may soon be another connection's. */
  forget(target: Abortable): void {
    this.#pending.get(target)?.done.resolve();
    this.#pending.delete(target);
  }

  #arm(milliseconds: number): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#runtime.clock.after(milliseconds, () => this.#sweep());
  }

  #sweep(): void {
    this.#armed = false;
    const { clock, kernel } = this.#runtime;
    const began = clock.now();
    const flushing = [...this.#pending.values()].filter((abort) => abort.giveUpAt > began);
    const unsent = kernel!.unsent(flushing.map((abort) => abort.pair));
    const waiting = new Set(flushing.filter((_, index) => unsent[index]! > 0));
    const due = [...this.#pending.values()].filter((abort) => !waiting.has(abort));
    const left = due.filter(({ target }) => target.reset === undefined);
    const known = kernel!.reset(left.map((abort) => abort.pair));
    const reset = new Set(left.filter((_, index) => known[index]));
    for (const abort of due) {
      this.#pending.delete(abort.target);
      // What the kernel does not know by its addresses must still not wait for ever.
      if (!reset.has(abort)) end(abort.target);
      abort.done.resolve();
    }
    // Under a storm of aborts the walks must not eat the worker: rest ten times as long as one took.
    if (waiting.size > 0) this.#arm(Math.max(NEXT_PAUSE, 10 * (clock.now() - began)));
  }
}

function end(target: Abortable): void {
  if (target.reset !== undefined) target.reset();
  else target.close();
}

/** A connection that its peer has ended may no longer tell its addresses. */
function pairOf(target: Abortable): SocketPair | undefined {
  try {
    return target.pair;
  } catch {
    return undefined;
  }
}

/** Milliseconds for which data already written may still travel before the reset. */
export const FLUSH_LIMIT = 2_000;
const FIRST_PAUSE = 5;
const NEXT_PAUSE = 20;
