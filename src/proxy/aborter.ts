/**
 * Ends connections that must not look as if they had ended in order, or that cannot be ended otherwise.
 *
 * The runtime's `close()` leaves a TLS connection open for as long as its handshake stalls or its peer takes
 * no data, so on Linux the connection is reset by the kernel, which wakes whatever waits on it. Finding a
 * socket takes a walk over all descriptors; aborts are therefore gathered and done together.
 */

import type { Runtime, SocketPair } from "../runtime/runtime.ts";

/** A connection that can be aborted. */
export interface Abortable {
  /** Undefined for a unix socket, which is simply closed. */
  readonly pair: SocketPair | undefined;
  close(): void;
}

/** Whether what has been written must reach the peer first, or is thrown away. */
export type AbortMoment = "now" | "when-sent";

interface PendingAbort {
  readonly target: Abortable;
  readonly pair: SocketPair;
  /** Clock time from which on unsent data no longer counts. */
  readonly giveUpAt: number;
}

/** Gathers aborts and carries them out a few milliseconds later. */
export class Aborter {
  readonly #runtime: Runtime;
  #pending: PendingAbort[] = [];
  #armed = false;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /**
   * Resets the connection: reads and writes that wait on it fail soon after. The owner still closes it.
   * `when-sent` lets data already written arrive first, for {@linkcode FLUSH_LIMIT} at most.
   */
  abort(target: Abortable, moment: AbortMoment): void {
    const pair = pairOf(target);
    if (pair === undefined || this.#runtime.kernel === undefined) return target.close();
    const now = this.#runtime.clock.now();
    const giveUpAt = moment === "now" ? now : now + FLUSH_LIMIT;
    this.#pending.push({ target, pair, giveUpAt });
    this.#arm(FIRST_PAUSE);
  }

  #arm(milliseconds: number): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#runtime.clock.after(milliseconds, () => this.#sweep());
  }

  #sweep(): void {
    this.#armed = false;
    const kernel = this.#runtime.kernel!;
    const { clock } = this.#runtime;
    const began = clock.now();
    const flushing = this.#pending.filter((abort) => abort.giveUpAt > began);
    const unsent = kernel.unsent(flushing.map((abort) => abort.pair));
    const waiting = new Set(flushing.filter((_, index) => unsent[index]! > 0));
    const due = this.#pending.filter((abort) => !waiting.has(abort));
    const done = kernel.reset(due.map((abort) => abort.pair));
    // What the kernel does not know by its addresses must still not wait for ever.
    due.forEach(({ target }, index) => done[index] || target.close());
    this.#pending = [...waiting];
    // Under a storm of aborts the walks must not eat the worker: rest ten times as long as one took.
    if (waiting.size > 0) this.#arm(Math.max(NEXT_PAUSE, 10 * (clock.now() - began)));
  }
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
