/**
 * The signals that end stud. Created first, so that no signal can end a half-started program. SIGTERM drains; a second
 * SIGTERM exits immediately, and so do SIGINT and SIGQUIT. A successor requests a drain by a signal of its own, which
 * never counts as an operator's first or second SIGTERM.
 */

import { deferred } from "../deferred.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** How stud is to end. */
export type Stop = "drain" | "now";

/** Listens for signals from its construction on. */
export class StopSignals {
  /** Resolves with the first signal that ends stud. */
  readonly stop: Promise<Stop>;
  /** Resolves when stud must stop waiting and exit immediately. */
  readonly hurry: Promise<void>;
  /** Resolves when a successor has replaced this stud. */
  readonly replaced: Promise<void>;
  readonly #stop = deferred<Stop>();
  readonly #replaced = deferred<void>();
  readonly #hurry = deferred<void>();
  #settled: Promise<void> = Promise.resolve();
  #terminated = false;
  #endedBySigterm = false;
  #isReplaced = false;
  #isStopping = false;
  #hungUp = false;
  #onHangUp: (() => void) | undefined;

  constructor({ processes }: Runtime) {
    this.stop = this.#stop.promise;
    this.hurry = this.#hurry.promise;
    this.replaced = this.#replaced.promise;
    processes.onSignal("SIGTERM", () => this.#terminate());
    processes.onSignal("SIGURG", () => this.#leave());
    processes.onSignal("SIGINT", () => this.#endNow());
    processes.onSignal("SIGQUIT", () => this.#endNow());
    // On SIGHUP a stud with a terminal has lost it, and could no longer be ended with Ctrl-C.
    processes.onSignal("SIGHUP", () => processes.onTerminal ? this.#endNow() : this.#hangUp());
  }

  /** Whether a successor has replaced this stud, so that nothing has to wait for clients of this one. */
  get isReplaced(): boolean {
    return this.#isReplaced;
  }

  /** Whether SIGTERM ended this stud, and not a successor or a request. */
  get isTerminated(): boolean {
    return this.#endedBySigterm && !this.#isReplaced;
  }

  /** Requests a drain like a first SIGTERM, but never counts as one. False if stud is ending already. */
  requestDrain(): boolean {
    if (this.#isStopping) return false;
    this.#end("drain");
    return true;
  }

  /** Delays a successor's request until this has settled. */
  leaveAfter(settled: Promise<void>): void {
    this.#settled = settled;
  }

  /** Called for SIGHUP if stud has no terminal; at once if one has arrived already. */
  set onHangUp(call: () => void) {
    this.#onHangUp = call;
    if (this.#hungUp) call();
    this.#hungUp = false;
  }

  #hangUp(): void {
    if (this.#onHangUp === undefined) this.#hungUp = true;
    else this.#onHangUp();
  }

  #terminate(): void {
    if (this.#terminated) return this.#endNow();
    this.#terminated = true;
    this.#endedBySigterm = !this.#isStopping;
    this.#end("drain");
  }

  /**
   * Just after a takeover, the ports are still being handed over; a second handover at the same time would interfere.
   */
  #leave(): void {
    this.#settled.then(() => {
      this.#isReplaced = true;
      this.#end("drain");
      this.#replaced.resolve();
    });
  }

  #endNow(): void {
    this.#end("now");
    this.#hurry.resolve();
  }

  #end(how: Stop): void {
    this.#isStopping = true;
    this.#stop.resolve(how);
  }
}
