/**
 * The signals that end stud. Made before anything else, so that none can hit a program that is half started:
 * TERM drains, a second TERM ends at once, and so do INT and QUIT. A successor asks for the same as TERM by a signal of
 * its own, so that it never counts as an operator's first TERM, nor as the second.
 */

import { deferred } from "../deferred.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** How stud is to end. */
export type Stop = "drain" | "now";

/** Listens for signals from its construction on. */
export class StopSignals {
  /** Resolves with the first signal that ends stud. */
  readonly stop: Promise<Stop>;
  /** Resolves when nobody wants to wait any longer. */
  readonly hurry: Promise<void>;
  /** Resolves when a successor serves in this stud's place. */
  readonly replaced: Promise<void>;
  readonly #stop = deferred<Stop>();
  readonly #replaced = deferred<void>();
  readonly #hurry = deferred<void>();
  #settled: Promise<void> = Promise.resolve();
  #terminated = false;
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
    // Where there was a terminal it is gone now, and with it whoever could have ended stud with Ctrl-C.
    processes.onSignal("SIGHUP", () => processes.onTerminal ? this.#endNow() : this.#hangUp());
  }

  /** A successor's request waits until this is over. */
  leaveAfter(settled: Promise<void>): void {
    this.#settled = settled;
  }

  /** Called for HUP where stud has no terminal; at once, if one has come already. */
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
    this.#stop.resolve("drain");
  }

  /** Of a takeover that has just been, the ports are still being handed over: two at once would get in their way. */
  #leave(): void {
    this.#settled.then(() => {
      this.#stop.resolve("drain");
      this.#replaced.resolve();
    });
  }

  #endNow(): void {
    this.#stop.resolve("now");
    this.#hurry.resolve();
  }
}
