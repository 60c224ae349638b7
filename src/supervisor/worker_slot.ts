/** Keeps one worker running: replaces it when it dies, at once and then with growing pauses. */

import type { WorkerConfiguration, WorkerTotals } from "../control/messages.ts";
import type { Logger } from "../log/log.ts";
import { pause, type Runtime } from "../runtime/runtime.ts";
import type { Staple, TlsConfiguration } from "../tls/tls_configuration.ts";
import { WorkerProcess } from "./worker_process.ts";

/** One of the supervisor's workers, over all its lives. */
export class WorkerSlot {
  readonly #runtime: Runtime;
  readonly #configuration: WorkerConfiguration;
  readonly #log: Logger;
  readonly #newest: (tls: TlsConfiguration) => TlsConfiguration;
  readonly #ended: WorkerTotals[] = [];
  readonly #alive = new Set<WorkerProcess>();
  #stopping = false;
  #quickDeaths = 0;

  /** `newest` gives the configuration that a worker which starts now is to have. */
  constructor(
    runtime: Runtime,
    configuration: WorkerConfiguration,
    log: Logger,
    newest: (tls: TlsConfiguration) => TlsConfiguration = (tls) => tls,
  ) {
    this.#runtime = runtime;
    this.#configuration = configuration;
    this.#log = log;
    this.#newest = newest;
  }

  /** Starts the first worker and tells its TLS library. Rejects with {@linkcode StartupError} if it cannot serve. */
  async start(): Promise<string> {
    const worker = this.#launch();
    const library = await worker.ready;
    this.#keep(worker);
    return library;
  }

  /** Has every worker that lives staple other OCSP responses from now on. */
  staple(staples: readonly Staple[]): void {
    for (const worker of this.#alive) worker.staple(staples);
  }

  /** Asks the worker to drain and resolves when none is left. */
  async drain(): Promise<void> {
    this.#stopping = true;
    for (const worker of this.#alive) worker.drain();
    await this.gone();
  }

  /** Ends the worker at once and resolves when it is gone. */
  async kill(): Promise<void> {
    this.#stopping = true;
    for (const worker of this.#alive) worker.kill();
    await this.gone();
  }

  /** Resolves when no worker is left. */
  async gone(): Promise<void> {
    await Promise.all([...this.#alive].map((worker) => worker.ended));
  }

  /** What the workers that ended in order had counted. */
  get totals(): readonly WorkerTotals[] {
    return this.#ended;
  }

  #launch(): WorkerProcess {
    const configuration = { ...this.#configuration, tls: this.#newest(this.#configuration.tls) };
    const worker = new WorkerProcess(this.#runtime, configuration, this.#log);
    this.#alive.add(worker);
    worker.ended.then(() => {
      this.#alive.delete(worker);
      if (worker.totals !== undefined) this.#ended.push(worker.totals);
    });
    return worker;
  }

  /** Puts another worker into the place of each that dies or leaves, for ever. */
  async #keep(worker: WorkerProcess): Promise<void> {
    for (let current = worker;;) {
      const began = this.#runtime.clock.now();
      const leaving = current.leaving.then(() => undefined);
      const reason = await Promise.race([current.ended, leaving]);
      if (this.#stopping) return;
      if (reason !== undefined) {
        this.#logDeath(current, reason);
        await this.#pause(this.#runtime.clock.now() - began);
      } else {
        // Whoever sent TERM to the whole process group meant all of stud, and ours is on its way.
        await pause(this.#runtime.clock, GROUP_PAUSE);
      }
      if (this.#stopping) return;
      const next = await this.#launchAtLast();
      if (next === undefined) return;
      this.#announce(next);
      if (reason === undefined) this.#relieve(current, next);
      current = next;
    }
  }

  /** Starts a worker, however long this machine refuses to; undefined when none is wanted any more. */
  async #launchAtLast(): Promise<WorkerProcess | undefined> {
    while (!this.#stopping) {
      try {
        return this.#launch();
      } catch (error) {
        const { message: reason } = error as Error;
        this.#log.error("worker {index}: {reason}", { index: this.#configuration.index, reason });
        await this.#pause(0);
      }
    }
  }

  /** Lets the leaving worker go once the next one serves, so that the port is never without one. */
  async #relieve(leaving: WorkerProcess, next: WorkerProcess): Promise<void> {
    this.#log.info("worker {index} (process {pid}) was asked to end; another takes its place", {
      index: this.#configuration.index,
      pid: leaving.pid,
    });
    await next.ready.catch(() => undefined);
    leaving.drain();
  }

  #logDeath(worker: WorkerProcess, reason: string): void {
    this.#log.error("worker {index} (process {pid}) died: {reason}; its connections are lost", {
      index: this.#configuration.index,
      pid: worker.pid,
      reason,
    });
  }

  #announce(worker: WorkerProcess): void {
    const { index } = this.#configuration;
    worker.ready.then(
      () =>
        this.#log.info("worker {index} serves again (process {pid})", { index, pid: worker.pid }),
      (error: Error) => {
        this.#log.error("worker {index}: {reason}", { index, reason: error.message });
      },
    );
  }

  async #pause(lived: number): Promise<void> {
    this.#quickDeaths = lived < LONG_LIFE ? this.#quickDeaths + 1 : 0;
    const wait = restartPause(this.#quickDeaths);
    if (wait === 0) return;
    const { index } = this.#configuration;
    this.#log.warning("worker {index} keeps dying: the next start is in {seconds} s", {
      index,
      seconds: wait / 1000,
    });
    await pause(this.#runtime.clock, wait);
  }
}

/** Milliseconds to wait before a restart, after so many short lives in a row: 0, 0.5 s, 1 s … 30 s. */
export function restartPause(quickDeaths: number): number {
  return quickDeaths < 2 ? 0 : Math.min(500 * 2 ** (quickDeaths - 2), 30_000);
}

/** Milliseconds. */
const GROUP_PAUSE = 200;
/** Milliseconds after which a death is a single mishap. */
const LONG_LIFE = 10_000;
