/** Keeps one worker running: replaces it when it dies, at once or at the pace of restart_pace.ts. */

import type {
  BackendEndpoint,
  ServingBy,
  WorkerConfiguration,
  WorkerTotals,
} from "../control/messages.ts";
import { deferred } from "../deferred.ts";
import type { AccessOutput } from "../log/access_output.ts";
import type { Logger } from "../log/log.ts";
import { pause, type Runtime, type SocketAddress } from "../runtime/runtime.ts";
import type { Staple } from "../tls/tls_configuration.ts";
import { RestartPace, type RestartPaceOptions } from "./restart_pace.ts";
import { WorkerProcess } from "./worker_process.ts";

/** Has new connections go to `successor`, the latest that listens, while `close` has another worker stop. */
export type Relieve = (successor: WorkerProcess, close: () => Promise<void>) => Promise<void>;

/** What not every slot needs. */
export interface WorkerSlotOptions {
  readonly relieve?: Relieve;
  /** Gives a configuration what has become known since it was made. */
  readonly newest?: (configuration: WorkerConfiguration) => WorkerConfiguration;
  /** Where lines of the access log go. */
  readonly accessLog?: AccessOutput | undefined;
  /** As {@linkcode RestartPaceOptions} has them; by default, for this slot alone. */
  readonly isNobodyLeft?: RestartPaceOptions["isNobodyLeft"];
  readonly isNobodyThere?: RestartPaceOptions["isNobodyThere"];
}

/** One of the supervisor's workers, over all its lives. */
export class WorkerSlot {
  readonly #runtime: Runtime;
  readonly #relieveBy: Relieve;
  readonly #accessLog: AccessOutput | undefined;
  readonly #newest: (configuration: WorkerConfiguration) => WorkerConfiguration;
  readonly #log: Logger;
  #configuration: WorkerConfiguration;
  #current: WorkerProcess | undefined;
  /** What the worker that was asked to prepare is to change to. */
  #prepared:
    | { readonly worker?: WorkerProcess; readonly configuration: WorkerConfiguration }
    | undefined;
  readonly #ended: WorkerTotals[] = [];
  readonly #alive = new Set<WorkerProcess>();
  readonly #pace: RestartPace;
  #launchedAt = -Infinity;
  /** Resolves when another worker has been started. */
  #launched = deferred<void>();
  #stopping = false;

  constructor(
    runtime: Runtime,
    configuration: WorkerConfiguration,
    log: Logger,
    {
      relieve = (_, close) => close(),
      accessLog,
      newest = (same) => same,
      isNobodyLeft = () => this.#current === undefined,
      isNobodyThere = isNobodyLeft,
    }: WorkerSlotOptions = {},
  ) {
    this.#runtime = runtime;
    this.#configuration = configuration;
    this.#log = log;
    this.#relieveBy = relieve;
    this.#accessLog = accessLog;
    this.#newest = newest;
    this.#pace = new RestartPace({
      clock: runtime.clock,
      isNobodyLeft,
      isNobodyThere,
      isOver: () => this.#stopping,
      onPause: (wait) => this.#logPause(wait),
    });
  }

  /** The worker that serves now, or is about to; undefined while none does. */
  get current(): WorkerProcess | undefined {
    return this.#current;
  }

  /** When a worker was last started, by the clock. */
  get launchedAt(): number {
    return this.#launchedAt;
  }

  /** Starts the first worker and tells its TLS library. Rejects with {@linkcode StartupError} if it cannot serve. */
  async start(): Promise<ServingBy> {
    let worker = this.#launch();
    let servingBy: ServingBy;
    try {
      servingBy = await worker.ready;
    } catch (error) {
      if (!worker.wasKilled || this.#stopping) throw error;
      const { message: reason } = error as Error;
      this.#log.warning("{reason}; starting it again", { reason });
      worker = this.#launch();
      servingBy = await worker.ready;
    }
    this.#keep(worker);
    return servingBy;
  }

  /**
   * Has the worker get ready for another configuration. Resolves with the addresses where it has two sockets until
   * then; rejects with {@linkcode StartupError} if it cannot.
   */
  async prepare(configuration: WorkerConfiguration): Promise<readonly SocketAddress[]> {
    for (let isFirst = true;; isFirst = false) {
      const worker = this.#current;
      this.#prepared = { ...worker && { worker }, configuration };
      try {
        return await worker?.prepare(this.#newest(configuration)) ?? [];
      } catch (error) {
        // That it has died says nothing of the configuration.
        if (!worker?.isGone || !isFirst || this.#stopping) throw error;
        await this.#successorOf(worker);
      }
    }
  }

  /** Makes the change; resolves when the worker has closed what it needs no more. */
  async commit(): Promise<void> {
    const { worker, configuration } = this.#prepared!;
    this.#prepared = undefined;
    this.#configuration = configuration;
    const current = this.#current;
    // A worker that has been started in between has heard of the former configuration alone.
    if (current !== worker) return current?.kill();
    await worker?.commit().catch(() => {}); // It is gone, and the next one is told the new configuration.
  }

  /** Drops the change. */
  forget(): void {
    this.#prepared?.worker?.forget();
    this.#prepared = undefined;
  }

  /** Has every worker that lives staple other OCSP responses from now on. */
  staple(staples: readonly Staple[]): void {
    for (const worker of this.#alive) worker.staple(staples);
  }

  /** Tells the worker, and every later one, where the backend is now. */
  useBackend(endpoints: readonly BackendEndpoint[]): void {
    this.#configuration = { ...this.#configuration, backend: endpoints };
    for (const worker of this.#alive) worker.useBackend(endpoints);
  }

  /** Has every worker that lives log what it has counted, and tells how many there are. */
  logCounters(): number {
    for (const worker of this.#alive) worker.logCounters();
    return this.#alive.size;
  }

  /** Has the worker stop listening, for others do now; its clients may go on. Resolves when it has stopped. */
  async retire(): Promise<void> {
    this.#stopping = true;
    for (const worker of this.#alive) worker.drain(undefined, true);
    await Promise.all([...this.#alive].map((worker) => this.#deaf(worker)));
  }

  /** Does the same with a worker that may not have come to serve; one that said it cannot is ended. */
  async withdraw(): Promise<void> {
    for (const worker of this.#alive) if (worker.hasFailed) worker.kill();
    await this.retire();
  }

  /** Asks the worker to drain within so many seconds, and resolves when none is left. */
  async drain(seconds: number, successors = false): Promise<void> {
    this.#stopping = true;
    for (const worker of this.#alive) worker.drain(seconds, successors);
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

  /** Waits for the next worker to be started, unless there is a pause before. */
  async #successorOf(worker: WorkerProcess): Promise<void> {
    const { promise } = this.#launched;
    await worker.ended;
    if (this.#current !== undefined && this.#current !== worker) return;
    await Promise.race([promise, pause(this.#runtime.clock, SUCCESSOR_LIMIT)]);
  }

  #launch(): WorkerProcess {
    const worker = new WorkerProcess(
      this.#runtime,
      this.#newest(this.#configuration),
      this.#log,
      this.#accessLog,
    );
    this.#alive.add(worker);
    this.#current = worker;
    this.#launchedAt = this.#runtime.clock.now();
    this.#launched.resolve();
    this.#launched = deferred();
    worker.ended.then(() => {
      this.#alive.delete(worker);
      if (this.#current === worker) this.#current = undefined;
      if (worker.totals !== undefined) this.#ended.push(worker.totals);
    });
    return worker;
  }

  /** Puts another worker into the place of each that dies or leaves, for ever. */
  async #keep(worker: WorkerProcess): Promise<void> {
    for (let current = worker;;) {
      const leaving = current.leaving.then(() => undefined);
      const reason = await Promise.race([current.ended, leaving]);
      if (this.#stopping) return;
      if (reason !== undefined) {
        this.#logDeath(current, reason);
        await this.#pace.wait(current.hasServed);
      } else {
        // Whoever sent TERM to the whole process group meant all of stud, and ours is on its way.
        await pause(this.#runtime.clock, GROUP_PAUSE);
        await this.#fewAlive();
      }
      if (this.#stopping) return;
      const next = await this.#launchAtLast();
      if (next === undefined) return;
      this.#announce(next);
      if (reason === undefined) this.#relieve(current, next);
      current = next;
    }
  }

  /**
   * Whoever may signal workers, or is one, must not make any number of them: each that leaves has its clients for as
   * long as a drain takes. The latest one serves on meanwhile.
   */
  async #fewAlive(): Promise<void> {
    while (!this.#stopping && this.#alive.size > MOST_ALIVE) {
      await Promise.race([...this.#alive].map((worker) => worker.ended));
    }
  }

  /** Starts a worker, however long this machine refuses to; undefined when none is wanted any more. */
  async #launchAtLast(): Promise<WorkerProcess | undefined> {
    while (!this.#stopping) {
      try {
        return this.#launch();
      } catch (error) {
        const { message: reason } = error as Error;
        this.#log.error("worker {index} cannot serve: {reason}", {
          index: this.#configuration.index,
          reason,
        });
        await this.#pace.wait(false);
      }
    }
  }

  /** Lets the leaving worker go once the next one serves, so that the port is never without one. */
  async #relieve(leaving: WorkerProcess, next: WorkerProcess): Promise<void> {
    this.#log.info("worker {index} (process {pid}) received SIGTERM; replacing it", {
      index: this.#configuration.index,
      pid: leaving.pid,
    });
    const served = await next.ready.then(() => true, () => false);
    if (!served) return leaving.drain(this.#configuration.timeouts.drain);
    await this.#relieveBy(next, () => {
      leaving.drain(this.#configuration.timeouts.drain, true);
      return this.#deaf(leaving);
    });
  }

  /** A worker that does not get to it is not waited for. */
  #deaf(worker: WorkerProcess): Promise<void> {
    return Promise.race([worker.deaf, pause(this.#runtime.clock, DEAF_LIMIT)]);
  }

  #logDeath(worker: WorkerProcess, reason: string): void {
    const { index } = this.#configuration;
    const values = { index, pid: worker.pid, reason };
    if (worker.hasServed) {
      const line = "worker {index} (process {pid}) died: {reason}; its connections are lost";
      this.#log.error(line, values);
    } else {
      this.#log.error("worker {index} (process {pid}) died before it served: {reason}", values);
    }
  }

  #announce(worker: WorkerProcess): void {
    const { index } = this.#configuration;
    worker.ready.then(
      () =>
        this.#log.info("worker {index} serves again (process {pid})", { index, pid: worker.pid }),
      (error: Error) => {
        // Of one that has died a line says so.
        if (worker.isGone) return;
        this.#log.error("worker {index} cannot serve: {reason}", { index, reason: error.message });
      },
    );
  }

  #logPause(wait: number): void {
    const { index } = this.#configuration;
    this.#log.warning("worker {index} keeps dying; next start in {seconds} s", {
      index,
      seconds: wait / 1000,
    });
  }
}

/** Of one slot: one that serves, and those that leave. */
const MOST_ALIVE = 4;

/** Milliseconds. */
const GROUP_PAUSE = 200;
/** Milliseconds that a worker may take to stop listening. */
const DEAF_LIMIT = 5_000;
/** Milliseconds that a change waits for a worker to be started in the place of one that has died. */
const SUCCESSOR_LIMIT = 500;
