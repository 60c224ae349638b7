/**
 * Tells the service manager what stud is doing, and that it is alive: sd_notify(3). Without a manager that listens it
 * does nothing; if the manager has gone, it logs a warning.
 */

import type { Logger } from "../log/log.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Sends messages to the service manager. */
export class Notifier {
  readonly #runtime: Runtime;
  readonly #log: Logger;
  readonly #socket: string | undefined;
  /** Milliseconds between two signs of life. */
  readonly #period: number | undefined;
  #stopWatchdog: () => void = () => {};
  #warned = false;
  #last: Promise<void> = Promise.resolve();

  /** Removes the manager's variables from the environment, so that no worker can send messages in stud's name. */
  constructor(runtime: Runtime, log: Logger) {
    this.#runtime = runtime;
    this.#log = log;
    const { service, processes } = runtime;
    this.#socket = service.takeVariable("NOTIFY_SOCKET") || undefined;
    const limit = service.takeVariable("WATCHDOG_USEC");
    const watched = service.takeVariable("WATCHDOG_PID");
    if (this.#socket === undefined) return;
    this.#period = watchdogPeriod(limit, watched, processes.pid);
  }

  /** stud serves, or serves again after {@linkcode reloading}. Starts the signs of life. */
  ready(status: string): void {
    this.#send(`READY=1\nSTATUS=${status}`);
    this.#watch();
  }

  /** The status that an operator sees in the manager's list. One line. */
  status(text: string): void {
    this.#send(`STATUS=${text}`);
  }

  /** A reload begins; {@linkcode ready} must follow, whether it succeeds or not. */
  reloading(): void {
    if (this.#socket === undefined) return;
    this.#send(`RELOADING=1\nMONOTONIC_USEC=${this.#runtime.service.monotonicMicroseconds()}`);
  }

  /** stud is ending. */
  stopping(): void {
    this.#send("STOPPING=1\nSTATUS=draining");
  }

  /** Another process is the service from now on. */
  mainPid(pid: number): void {
    this.#send(`MAINPID=${pid}`);
  }

  /** Stops the signs of life, and resolves when all messages have been sent. */
  async close(): Promise<void> {
    this.#stopWatchdog();
    await this.#last;
  }

  #watch(): void {
    if (this.#period === undefined) return;
    this.#stopWatchdog();
    this.#stopWatchdog = this.#runtime.clock.after(this.#period, () => {
      this.#send("WATCHDOG=1");
      this.#watch();
    });
  }

  /** Sends in order, since some platforms need a moment for each message. */
  #send(text: string): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#last = this.#last.then(() => this.#runtime.service.notify(socket, text)).then(
      () => void (this.#warned = false),
      (error: Error) => this.#complain(socket, error.message),
    );
  }

  #complain(socket: string, reason: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#log.warning("NOTIFY_SOCKET {socket}: could not notify the service manager: {reason}", {
      socket,
      reason,
    });
  }
}

/** Half of the time that the manager waits for a sign of life: sd_watchdog_enabled(3). */
export function watchdogPeriod(
  limit: string | undefined,
  watched: string | undefined,
  pid: number,
): number | undefined {
  const microseconds = /^\d+$/.test(limit ?? "") ? Number(limit) : 0;
  if (microseconds === 0 || (watched !== undefined && Number(watched) !== pid)) return undefined;
  return Math.max(1, microseconds / 2_000);
}
