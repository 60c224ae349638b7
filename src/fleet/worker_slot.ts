/** Keeps one worker running: replaces it when it dies, at once or at the pace of restart_pace.ts. */

import type { Asked, ServingBy, WorkerCounters, WorkerState } from "../control/messages.ts";
import { needsPreparation } from "../control/worker_state.ts";
import { deferred } from "../deferred.ts";
import type { AccessOutput } from "../log/access_output.ts";
import type { Logger } from "../log/log.ts";
import { pause, type Runtime, type SocketAddress } from "../runtime/runtime.ts";
import { RestartPace, type RestartPaceOptions } from "./restart_pace.ts";
import { SlotRecord } from "./slot_record.ts";
import { WorkerProcess } from "./worker_process.ts";

/**
 * Steers new connections to `successor`, the latest that listens, while `close` makes another worker stop listening.
 */
export type HandOver = (successor: WorkerProcess, close: () => Promise<void>) => Promise<void>;

/** The parts of a slot. */
export interface WorkerSlotOptions {
  /** The number of its workers, from 1. */
  readonly index: number;
  /** The state for workers that start now. */
  readonly state: () => WorkerState;
  readonly log: Logger;
  /** The trace of clients that is under way; undefined: none. */
  readonly trace?: (() => Asked<"trace"> | undefined) | undefined;
  readonly handOver?: HandOver;
  /** What is known of the slot's workers; shared with the slots of other generations that have the same index. */
  readonly record?: SlotRecord;
  /** Where lines of the access log go. */
  readonly accessLog?: AccessOutput | undefined;
  /** As in {@linkcode RestartPaceOptions}; by default, for this slot alone. */
  readonly hasNoWorker?: RestartPaceOptions["hasNoWorker"];
  readonly hasNoRecentWorker?: RestartPaceOptions["hasNoRecentWorker"];
}

/** One of the supervisor's workers, across all its restarts. */
export class WorkerSlot {
  readonly #runtime: Runtime;
  readonly #options: WorkerSlotOptions;
  readonly #log: Logger;
  readonly #index: number;
  readonly #record: SlotRecord;
  #current: WorkerProcess | undefined;
  /** The worker that was asked to prepare; undefined if there was none. */
  #preparing: WorkerProcess | undefined;
  readonly #ended: WorkerCounters[] = [];
  readonly #alive = new Set<WorkerProcess>();
  readonly #pace: RestartPace;
  #launchedAt = -Infinity;
  /** Resolves when another worker has been started. */
  #launched = deferred<void>();
  #stopping = false;

  constructor(runtime: Runtime, options: WorkerSlotOptions) {
    this.#runtime = runtime;
    this.#options = options;
    this.#log = options.log;
    this.#index = options.index;
    this.#record = options.record ?? new SlotRecord(options.index);
    const { hasNoWorker = () => this.#current === undefined } = options;
    const { hasNoRecentWorker = hasNoWorker } = options;
    this.#pace = new RestartPace({
      clock: runtime.clock,
      hasNoWorker,
      hasNoRecentWorker,
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

  /** Starts the first worker and returns its TLS library. Rejects with {@linkcode StartupError} if it cannot serve. */
  async start(): Promise<ServingBy> {
    let worker = this.#launch();
    let servingBy: ServingBy;
    try {
      servingBy = await worker.ready;
    } catch (error) {
      if (!worker.wasKilled || this.#stopping) throw error;
      const { message: reason } = error as Error;
      this.#log.warning("{reason}; starting it again", { reason });
      this.#record.restarts[worker.failure ?? "died"]++;
      worker = this.#launch();
      servingBy = await worker.ready;
    }
    this.#keep(worker);
    return servingBy;
  }

  /** Every live worker: the current one and those that leave. */
  get alive(): Iterable<WorkerProcess> {
    return this.#alive;
  }

  /**
   * Prepares the worker for another state. Resolves with the addresses where it has two sockets until then; rejects
   * with {@linkcode StartupError} if it cannot.
   */
  async prepare(state: WorkerState): Promise<readonly SocketAddress[]> {
    for (let isFirst = true;; isFirst = false) {
      const worker = this.#current;
      this.#preparing = worker;
      try {
        return await worker?.prepare(state) ?? [];
      } catch (error) {
        // Its death says nothing about the state.
        if (!worker?.isGone || !isFirst || this.#stopping) throw error;
        await this.#successorOf(worker);
      }
    }
  }

  /**
   * Makes the change, to the state for workers that start now. Resolves when the worker has closed the sockets that it
   * no longer needs.
   */
  async commit(): Promise<void> {
    const worker = this.#preparing;
    this.#preparing = undefined;
    if (this.#current === worker) await worker?.commit().catch(() => {}); // The next one has it.
    const current = this.#current;
    const state = this.#options.state();
    // A worker started in between may have only the former state.
    if (current !== worker && current && needsPreparation(current.state, state)) current.kill();
    else current?.update(state);
  }

  /** Drops the change. */
  forget(): void {
    this.#preparing?.forget();
    this.#preparing = undefined;
  }

  /**
   * Makes the worker stop listening, because others now listen; its clients may go on. Resolves when it has stopped.
   */
  async retire(): Promise<void> {
    this.#stopping = true;
    for (const worker of this.#alive) worker.drain(undefined, true);
    await Promise.all([...this.#alive].map((worker) => this.#stoppedAccepting(worker)));
  }

  /** The same for a worker that may never have served; one that reported that it cannot is killed. */
  async withdraw(): Promise<void> {
    for (const worker of this.#alive) if (worker.hasFailed) worker.kill();
    await this.retire();
  }

  /** Asks the worker to drain within `seconds`, and resolves when none is left. */
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

  /** The counters of workers that ended in order. */
  get totals(): readonly WorkerCounters[] {
    return this.#ended;
  }

  get #drainSeconds(): number {
    return this.#options.state().configuration.timeouts.drain;
  }

  /** Waits for the next worker to be started, unless there is a pause first. */
  async #successorOf(worker: WorkerProcess): Promise<void> {
    const { promise } = this.#launched;
    await worker.ended;
    if (this.#current !== undefined && this.#current !== worker) return;
    await Promise.race([promise, pause(this.#runtime.clock, SUCCESSOR_LIMIT)]);
  }

  #launch(): WorkerProcess {
    const { index, state, log, accessLog } = this.#options;
    const worker = new WorkerProcess(this.#runtime, { index, state: state(), log, accessLog });
    this.#alive.add(worker);
    this.#current = worker;
    this.#launchedAt = this.#runtime.clock.now();
    this.#launched.resolve();
    this.#launched = deferred();
    worker.ready.then(() => {
      const order = this.#options.trace?.();
      return order && worker.ask("trace", order);
    }).catch(() => {}); // It is gone, or does not answer, which others notice too.
    worker.ended.then((how) => {
      this.#alive.delete(worker);
      const reason = worker.failure === undefined ? "ended in order" : how;
      this.#record.ended(worker, { time: this.#runtime.clock.date(), reason });
      if (this.#current === worker) this.#current = undefined;
      if (worker.totals !== undefined) this.#ended.push(worker.totals);
    });
    return worker;
  }

  /** Replaces each worker that dies or leaves, until the slot stops. */
  async #keep(worker: WorkerProcess): Promise<void> {
    for (let current = worker;;) {
      const leaving = current.leaving.then(() => undefined);
      const reason = await Promise.race([current.ended, leaving]);
      if (this.#stopping) return;
      if (reason !== undefined) {
        this.#logDeath(current, reason);
        await this.#pace.wait(current.hasServed);
      } else {
        // SIGTERM to the whole process group also reaches the supervisor; give it time to arrive.
        await pause(this.#runtime.clock, GROUP_PAUSE);
        await this.#awaitRoom();
      }
      if (this.#stopping) return;
      const next = await this.#launchWithRetries();
      if (next === undefined) return;
      this.#record.restarts[reason === undefined ? "replaced" : current.failure ?? "died"]++;
      this.#announce(next);
      if (reason === undefined) this.#handOver(current, next);
      current = next;
    }
  }

  /**
   * Limits the workers that are alive, because any process that can signal workers, or is one, could otherwise create
   * any number of them. Each that leaves keeps its clients for as long as a drain takes. The latest one serves
   * meanwhile.
   */
  async #awaitRoom(): Promise<void> {
    while (!this.#stopping && this.#alive.size > MAX_ALIVE) {
      await Promise.race([...this.#alive].map((worker) => worker.ended));
    }
  }

  /** Starts a worker, however long this machine refuses to; undefined when none is wanted any more. */
  async #launchWithRetries(): Promise<WorkerProcess | undefined> {
    while (!this.#stopping) {
      try {
        return this.#launch();
      } catch (error) {
        const { message: reason } = error as Error;
        this.#log.error("worker {index} cannot serve: {reason}", { index: this.#index, reason });
        await this.#pace.wait(false);
      }
    }
  }

  /** Lets the leaving worker go once the next one serves, so that the port always has a listener. */
  async #handOver(leaving: WorkerProcess, next: WorkerProcess): Promise<void> {
    this.#log.info("worker {index} (process {pid}) received SIGTERM; replacing it", {
      index: this.#index,
      pid: leaving.pid,
    });
    const served = await next.ready.then(() => true, () => false);
    if (!served) return leaving.drain(this.#drainSeconds);
    const { handOver = (_, close) => close() } = this.#options;
    await handOver(next, () => {
      leaving.drain(this.#drainSeconds, true);
      return this.#stoppedAccepting(leaving);
    });
  }

  /** Waits until the worker no longer listens, for a limited time. */
  #stoppedAccepting(worker: WorkerProcess): Promise<void> {
    return Promise.race([
      worker.stoppedAccepting,
      pause(this.#runtime.clock, STOP_ACCEPTING_LIMIT),
    ]);
  }

  #logDeath(worker: WorkerProcess, reason: string): void {
    const index = this.#index;
    const values = { index, pid: worker.pid, reason };
    if (worker.hasServed) {
      const line = "worker {index} (process {pid}) died: {reason}; its connections are lost";
      this.#log.error(line, values);
    } else {
      this.#log.error("worker {index} (process {pid}) died before it served: {reason}", values);
    }
  }

  #announce(worker: WorkerProcess): void {
    const index = this.#index;
    worker.ready.then(
      () =>
        this.#log.info("worker {index} serves again (process {pid})", { index, pid: worker.pid }),
      (error: Error) => {
        // If it has died, another line says so.
        if (worker.isGone) return;
        this.#log.error("worker {index} cannot serve: {reason}", { index, reason: error.message });
      },
    );
  }

  #logPause(wait: number): void {
    const index = this.#index;
    this.#log.warning("worker {index} keeps dying; next start in {seconds} s", {
      index,
      seconds: wait / 1000,
    });
  }
}

/** Of one slot: one that serves, and those that leave. */
const MAX_ALIVE = 4;

/** Milliseconds. */
const GROUP_PAUSE = 200;
/** Milliseconds that a worker may take to stop listening. */
const STOP_ACCEPTING_LIMIT = 5_000;
/** Milliseconds that a change waits for the replacement of a worker that has died. */
const SUCCESSOR_LIMIT = 500;
