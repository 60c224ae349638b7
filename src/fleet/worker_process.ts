/** One worker process as the supervisor holds it: its pipe, its messages, its log lines, its last words. */

import type {
  Answer,
  Asked,
  RequestKind,
  ServingBy,
  WorkerCounters,
  WorkerEvent,
  WorkerState,
} from "../control/messages.ts";
import { messageLine } from "../control/message_lines.ts";
import { stateFrame } from "../control/packed_configuration.ts";
import { type AskOptions, Questions } from "../control/questions.ts";
import { ProtocolError } from "../control/shapes.ts";
import type { RawAnswer } from "../control/worker_messages.ts";
import { updateBetween } from "../control/worker_state.ts";
import { deferred } from "../deferred.ts";
import { StartupError } from "../errors.ts";
import type { AccessOutput } from "../log/access_output.ts";
import type { Logger } from "../log/log.ts";
import { servingEngine } from "../tls/engines.ts";
import type {
  ChildProcess,
  Clock,
  ProcessEnd,
  Runtime,
  SocketAddress,
  Steering,
} from "../runtime/runtime.ts";
import { ControlPipe, type Frame } from "./control_pipe.ts";
import { Heartbeat, mainThread } from "./heartbeat.ts";
import type { WorkerProcessFacts } from "./slot_record.ts";
import { WorkerCounts } from "./worker_counts.ts";
import { EndReason } from "./worker_end.ts";
import { WorkerLog } from "./worker_log.ts";
import { readWorkerOutput } from "./worker_output.ts";

/** The parameters of a worker's start. */
export interface WorkerProcessOptions {
  /** From 1. */
  readonly index: number;
  readonly state: WorkerState;
  readonly log: Logger;
  /** Where lines of the access log go. */
  readonly accessLog?: AccessOutput | undefined;
}

/** A running worker. */
export class WorkerProcess {
  /**
   * Resolves, with the TLS library that it uses, when it serves; rejects with {@linkcode StartupError} when it cannot
   * serve, or died before.
   */
  readonly ready: Promise<ServingBy>;
  /** Resolves when something other than its supervisor asks it to end. */
  readonly leaving: Promise<void>;
  /** Resolves when it no longer listens, in order or not. */
  readonly stoppedAccepting: Promise<void>;
  /** Resolves after its last message, with why it ended. */
  readonly ended: Promise<string>;
  readonly pid: number;
  /** From 1. */
  readonly index: number;
  /** When it was started. */
  readonly startedAt: Date;
  /** Its counters if it ended in order. */
  totals: WorkerCounters | undefined;
  /** As last reported. */
  readonly counts = new WorkerCounts();
  readonly #child: ChildProcess;
  readonly #control: ControlPipe;
  readonly #log: Logger;
  readonly #lines: WorkerLog;
  readonly #clock: Clock;
  readonly #accessLog: AccessOutput | undefined;
  readonly #heartbeat: Heartbeat;
  readonly #questions: Questions;
  #state: WorkerState;
  /** The state whose certificates it certainly has; undefined: not known. */
  #has: WorkerState | undefined;
  /** The state that it changes to on commit. */
  #prepared: WorkerState | undefined;
  readonly #endReason = new EndReason();
  #draining = false;
  #leaving = deferred<void>();
  #stoppedAccepting = deferred<void>();
  /** Whether it serves, as far as it has reported. */
  #serves: boolean | undefined;
  #cancelDrainLimit: () => void = () => {};
  #gone = false;
  #killed = false;

  readonly #listeners: Listeners = {
    log: (line) => this.#lines.write(line),
    access: ({ lines }) => this.#accessLog?.write(lines),
    busy: () => {
      if (!this.#isTakingState) throw new ProtocolError('"busy" without a request');
      this.#heartbeat.busy = true;
    },
    counters: (report) => this.counts.take(report),
    "replace-me": () => this.#leaving.resolve(),
    ended: (report) => {
      if (this.totals !== undefined) throw new ProtocolError('"ended" a second time');
      this.counts.take(report);
      this.totals = report.counters;
    },
  };

  /** Starts it. Throws {@linkcode StartupError}. */
  constructor(runtime: Runtime, { index, state, log, accessLog }: WorkerProcessOptions) {
    const { sandbox, timeouts } = state.configuration;
    // A token's driver may be configured by any environment variable.
    const wholeEnvironment = sandbox === undefined || sandbox.token;
    this.#child = runtime.processes.startWorker({ wholeEnvironment });
    this.#control = new ControlPipe(this.#child.control, {
      onUnread: (breach) => this.#break(breach),
      // The worker reads no ping before what was written earlier.
      onRead: () => this.#heartbeat.heard(),
    });
    this.#log = log;
    this.#clock = runtime.clock;
    this.index = index;
    this.#accessLog = accessLog;
    this.#state = state;
    this.pid = this.#child.pid;
    this.#lines = new WorkerLog(log, runtime.clock, { index, pid: this.pid });
    this.startedAt = runtime.clock.date();
    this.leaving = this.#leaving.promise;
    this.stoppedAccepting = this.#stoppedAccepting.promise;
    this.#questions = new Questions({
      clock: runtime.clock,
      name: `worker ${index}`,
      onOverdue: (breach) => this.#break(breach),
    });
    this.#heartbeat = new Heartbeat({
      clock: runtime.clock,
      ask: () => void this.ask("ping", {}, { patient: true }),
      observe: () => mainThread(runtime.files, this.pid),
      onHang: (seconds) => this.#hang(seconds),
    });
    this.#heartbeat.use(timeouts.worker ?? 0);
    this.ended = this.#follow();
    this.ready = this.#start(state);
    this.ready.catch(() => {}); // Callers that care await it; after a later death it does not matter.
  }

  /** The state that it was last given. */
  get state(): WorkerState {
    return this.#state;
  }

  /**
   * Prepares it for another state. Resolves with the addresses where it has two sockets until then; rejects with
   * {@linkcode StartupError} if it cannot.
   */
  async prepare(state: WorkerState): Promise<readonly SocketAddress[]> {
    const { frontends } = state.configuration;
    this.#prepared = state;
    const { reopened } = await this.#askWithState("prepare", state, {
      check({ reopened }) {
        const isAsked = ({ host, port }: SocketAddress) =>
          frontends.some((one) => one.host === host && one.port === port);
        if (reopened.every(isAsked)) return;
        throw new ProtocolError("an answer with an address that was not asked about");
      },
    });
    return reopened;
  }

  /**
   * Makes it serve by what was prepared. Resolves when it has closed the sockets that it no longer needs; rejects with
   * {@linkcode StartupError} if it is gone.
   */
  async commit(): Promise<void> {
    const state = this.#prepared!;
    this.#prepared = undefined;
    this.#has = undefined;
    await this.ask("commit", { version: state.version });
    this.#state = state;
    this.#has = state;
    if (!this.#gone) this.#heartbeat.use(state.configuration.timeouts.worker ?? 0);
  }

  /** Makes it drop what was prepared. */
  forget(): void {
    this.#prepared = undefined;
    void this.ask("forget", {});
  }

  /** Sends it the parts of a newer state that need no preparation, unless it has them. */
  update(state: WorkerState): void {
    const update = updateBetween(this.#state, state);
    if (update === undefined) return;
    const { backend } = state.configuration;
    const configuration = { ...this.#state.configuration, backend };
    this.#state = { ...this.#state, configuration, staples: state.staples };
    void this.ask("update", update);
  }

  /** Makes it steer new connections in the kernel. Rejects with {@linkcode StartupError}. */
  async steer(address: SocketAddress, steering: Steering | null): Promise<void> {
    await this.ask("steer", { address, steering });
  }

  /**
   * Asks it to stop accepting and to end once its clients have; `seconds` limits that if it is a number. `successors`:
   * other workers already listen there and get the new connections. A worker that does not end in time is killed.
   */
  drain(seconds: number | undefined, successors = false): void {
    this.#cancelDrainLimit();
    this.#draining = true;
    if (seconds !== undefined && !this.#gone) {
      const limit = seconds * 1_000 + DRAIN_GRACE;
      this.#cancelDrainLimit = this.#clock.after(
        limit,
        () => this.#break(`it has not ended ${limit / 1_000} s after the order to drain`),
      );
    }
    const order = { ...seconds === undefined ? {} : { seconds }, successors };
    const listens = this.ask("drain", order, { patient: true });
    listens.then(() => this.#stoppedAccepting.resolve(), () => {});
  }

  /** How it ended, or would if it ended now; undefined: in order. */
  get failure(): "died" | "hung" | "protocol" | undefined {
    const { kind } = this.#endReason;
    return kind === "died" && this.totals !== undefined ? undefined : kind;
  }

  /** What it does. */
  get facts(): WorkerProcessFacts {
    const { pid, startedAt, counts: { series } } = this;
    const state = this.#draining ? "draining" : this.hasServed ? "serving" : "starting";
    return { pid, state, startedAt, series };
  }

  /** Whether it has ever served. */
  get hasServed(): boolean {
    return this.#serves === true;
  }

  /** Whether it has reported that it cannot serve. */
  get hasFailed(): boolean {
    return this.#serves === false;
  }

  /** Whether it has ended. */
  get isGone(): boolean {
    return this.#gone;
  }

  /** Whether a signal ended it, or stud killed it for its silence: the next one may well live. */
  get wasKilled(): boolean {
    return this.#killed;
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill();
  }

  async #start(state: WorkerState): Promise<ServingBy> {
    const cancel = this.#clock.after(START_LIMIT, () => {
      this.#endReason.late = true;
      this.#endReason.lastWords = `nothing within ${START_LIMIT / 1000} s of its start`;
      this.kill();
    });
    try {
      const servingBy = await this.#askWithState("start", state, { patient: true });
      this.#serves = true;
      this.#has = state;
      return servingBy;
    } catch (error) {
      this.#serves = false;
      if (!this.#gone) throw error;
      const reason = await this.ended;
      throw new StartupError(`worker ${this.index} did not start: ${reason}`);
    } finally {
      cancel();
    }
  }

  #askWithState<Kind extends "start" | "prepare">(
    kind: Kind,
    state: WorkerState,
    options: AskOptions<Kind>,
  ): Promise<Answer<Kind>> {
    const { configuration: { tls }, missing } = state;
    const former = servingEngine(tls, missing).keepsKeys ? this.#has : undefined;
    return this.#send(kind, (id) => stateFrame(kind, id, state, this.index, former), options);
  }

  /** Sends a request. The answer rejects with {@linkcode StartupError} if it fails or does not come. */
  ask<Kind extends RequestKind>(
    kind: Kind,
    fields: Asked<Kind>,
    options?: AskOptions<Kind>,
  ): Promise<Answer<Kind>> {
    return this.#send(kind, (id) => {
      return { line: messageLine({ type: kind, id, ...fields }) };
    }, options);
  }

  #send<Kind extends RequestKind>(
    kind: Kind,
    encode: (id: number) => Frame,
    options?: AskOptions<Kind>,
  ): Promise<Answer<Kind>> {
    const { id, answer } = this.#questions.ask(kind, options);
    if (this.#gone) this.#questions.end(this.#goneError());
    else this.#control.write(encode(id));
    return answer;
  }

  #goneError(): StartupError {
    return new StartupError(`worker ${this.index} (process ${this.pid}) has ended`);
  }

  async #follow(): Promise<string> {
    await readWorkerOutput(this.#child, this.#clock, {
      receive: (message) => this.#receive(message),
      text: (line, from) => this.#take(line, from),
      broken: (breach) => this.#break(breach),
    });
    const end = await this.#child.ended.catch((): ProcessEnd => ({ code: -1, signal: null }));
    this.#control.close();
    this.#cancelDrainLimit();
    this.#heartbeat.stop();
    this.#lines.tellLeftOut();
    this.#killed = this.#endReason.wasKilled(end);
    this.#gone = true;
    this.#stoppedAccepting.resolve();
    this.#questions.end(this.#goneError());
    return this.#endReason.describe(end);
  }

  #hang(seconds: number): void {
    if (this.#endReason.breach !== undefined || this.#gone) return;
    this.#endReason.hung = seconds;
    this.#log.error(
      "worker {index} (process {pid}) hangs: no answer for {seconds} s (--worker-timeout); stud kills and replaces it",
      { index: this.index, pid: this.pid, seconds },
    );
    this.kill();
  }

  /** Kills a worker that is no longer trusted; what it writes from now on is not read. */
  #break(breach: string): void {
    if (this.#endReason.breach !== undefined || this.#gone) return;
    this.#endReason.breach = breach;
    this.#control.stop();
    this.#log.error(
      "worker {index} (process {pid}) broke the control protocol: {breach}; stud kills and replaces it",
      { index: this.index, pid: this.pid, breach },
    );
    this.kill();
  }

  #receive(message: WorkerEvent | RawAnswer): void {
    if (this.#endReason.breach !== undefined) return;
    this.#heartbeat.heard();
    if (message.type !== "answer") {
      const hear = this.#listeners[message.type] as (event: WorkerEvent) => void;
      return hear(message);
    }
    this.#questions.take(message);
    if (!this.#isTakingState) this.#heartbeat.busy = false;
  }

  /** Whether it may be in the middle of work that takes seconds. */
  get #isTakingState(): boolean {
    return this.#questions.isOpen("start", "prepare");
  }

  /** Handles what the runtime itself prints, above all when it crashes. */
  #take(line: string, from: "output" | "errors"): void {
    if (line.trim() === "") return;
    if (from === "errors" && this.#endReason.lastWords === "") {
      this.#endReason.lastWords = line.trim();
    }
    const level = from === "errors" ? "error" : "info";
    this.#lines.write({ level, text: line, event: "worker_output", fields: { text: line } });
  }
}

/** The handlers of the messages that it sends unasked. */
type Listeners = {
  readonly [Kind in WorkerEvent["type"]]: (
    event: Extract<WorkerEvent, { readonly type: Kind }>,
  ) => void;
};

/** Max milliseconds until it serves. */
const START_LIMIT = 60_000;
/** Milliseconds that it may take to end after the clients' drain time. */
const DRAIN_GRACE = 10_000;
