/** One worker process as the supervisor holds it: its pipe, its messages, its log lines, its last words. */

import { type Deferred, deferred } from "../deferred.ts";
import { messageLine } from "../control/message_lines.ts";
import { type ConfigurationFrame, configurationFrame } from "../control/packed_configuration.ts";
import { ProtocolError } from "../control/worker_messages.ts";
import type {
  BackendEndpoint,
  ServingBy,
  SupervisorMessage,
  WorkerAnswer,
  WorkerConfiguration,
  WorkerMessage,
  WorkerTotals,
} from "../control/messages.ts";
import { CertificatesRefused, PortInUseError, StartupError } from "../errors.ts";
import type { AccessOutput } from "../log/access_output.ts";
import type { Logger } from "../log/log.ts";
import type { Staple } from "../tls/tls_configuration.ts";
import type {
  ChildProcess,
  Clock,
  ProcessEnd,
  Runtime,
  SocketAddress,
  Steering,
} from "../runtime/runtime.ts";
import { Heartbeat, mainThread } from "./heartbeat.ts";
import { describeEnd } from "./worker_end.ts";
import { WorkerLog } from "./worker_log.ts";
import { readWorkerOutput } from "./worker_output.ts";

/** A running worker. */
export class WorkerProcess {
  /** Resolves, with what does TLS in it, when it serves; rejects with {@linkcode StartupError} when it cannot, or died before. */
  readonly ready: Promise<ServingBy>;
  /** Resolves when somebody else wants it to end. */
  readonly leaving: Promise<void>;
  /** Resolves when it listens no more, in order or not. */
  readonly deaf: Promise<void>;
  /** Resolves after its last message, with why it ended. */
  readonly ended: Promise<string>;
  readonly pid: number;
  /** What it had counted when it ended in order. */
  totals: WorkerTotals | undefined;
  readonly #child: ChildProcess;
  readonly #control: WritableStreamDefaultWriter<Uint8Array>;
  readonly #log: Logger;
  readonly #lines: WorkerLog;
  readonly #clock: Clock;
  readonly #index: number;
  readonly #accessLog: AccessOutput | undefined;
  readonly #heartbeat: Heartbeat;
  /** What it may be silent for once it has made the change that it prepares. */
  #nextTimeout: number | undefined;
  #lastWords = "";
  #ready = deferred<ServingBy>();
  #leaving = deferred<void>();
  #deaf = deferred<void>();
  /** For its answers, in order. */
  readonly #asked: Question[] = [];
  /** What it has said that is said once. */
  readonly #said = new Set<WorkerMessage["type"]>();
  /** How it has broken the protocol. */
  #breach: string | undefined;
  /** It did not serve in time. */
  #late = false;
  /** Seconds of silence for which it was killed. */
  #hung: number | undefined;
  /** Messages that it has not taken yet. */
  #untaken = 0;
  #mayBeDeaf = false;
  #cancelDrainLimit: () => void = () => {};
  #gone = false;
  #killed = false;

  /** Starts it. Throws {@linkcode StartupError}. */
  constructor(
    runtime: Runtime,
    configuration: WorkerConfiguration,
    log: Logger,
    accessLog?: AccessOutput,
  ) {
    // Whatever drives a token may be configured by any variable.
    const { sandbox } = configuration;
    const wholeEnvironment = sandbox === undefined || sandbox.token;
    this.#child = runtime.processes.startWorker({ wholeEnvironment });
    this.#control = this.#child.control.getWriter();
    this.#log = log;
    this.#lines = new WorkerLog(log, runtime.clock, configuration.index);
    this.#clock = runtime.clock;
    this.#index = configuration.index;
    this.#accessLog = accessLog;
    this.pid = this.#child.pid;
    this.ready = this.#ready.promise;
    this.ready.catch(() => {}); // Whoever cares awaits it; a worker that dies later cares no more.
    this.leaving = this.#leaving.promise;
    this.deaf = this.#deaf.promise;
    this.#heartbeat = new Heartbeat({
      clock: runtime.clock,
      ask: () => this.#write(encode({ type: "ping" })),
      observe: () => mainThread(runtime.files, this.pid),
      onHang: (seconds) => this.#hang(seconds),
    });
    this.#heartbeat.use(configuration.timeouts.worker ?? 0);
    this.ended = this.#follow();
    const cancel = runtime.clock.after(START_LIMIT, () => {
      this.#late = true;
      this.#lastWords = `nothing within ${START_LIMIT / 1000} s of its start`;
      this.kill();
    });
    this.ready.then(cancel, cancel);
    this.#write(configurationFrame("start", configuration));
  }

  /**
   * Has it get ready for another configuration. Resolves with the addresses where it has two sockets until then,
   * rejects with {@linkcode StartupError} if it cannot.
   */
  async prepare(configuration: WorkerConfiguration): Promise<readonly SocketAddress[]> {
    const frame = configurationFrame("prepare", configuration);
    this.#nextTimeout = configuration.timeouts.worker ?? 0;
    const { reopened } = await this.#ask(frame, configuration.frontends);
    return reopened ?? [];
  }

  /**
   * Has it serve by what was prepared. Resolves when it has closed the sockets that it needs no more; rejects with
   * {@linkcode StartupError} if it is gone.
   */
  async commit(): Promise<void> {
    await this.#ask(encode({ type: "commit" }));
    if (!this.#gone) this.#heartbeat.use(this.#nextTimeout!);
  }

  /** Has it drop what was prepared. */
  forget(): void {
    this.#write(encode({ type: "forget" }));
  }

  /** Has it tell the kernel whom new connections go to. Rejects with {@linkcode StartupError}. */
  async steer(address: SocketAddress, steering: Steering | null): Promise<void> {
    await this.#ask(encode({ type: "steer", address, steering }));
  }

  /**
   * Asks it to stop accepting and to end once its clients have, within so many seconds if that is a number.
   * `successors`: others listen there and get the new connections by now. One that does not end in time is killed.
   */
  drain(seconds: number | undefined, successors = false): void {
    this.#mayBeDeaf = true;
    this.#cancelDrainLimit();
    if (seconds !== undefined && !this.#gone) {
      const limit = seconds * 1_000 + DRAIN_GRACE;
      this.#cancelDrainLimit = this.#clock.after(
        limit,
        () => this.#break(`it has not ended ${limit / 1_000} s after the order to drain`),
      );
    }
    this.#write(encode({ type: "drain", ...seconds === undefined ? {} : { seconds }, successors }));
  }

  /** Has it staple other OCSP responses from now on. */
  staple(staples: readonly Staple[]): void {
    this.#write(encode({ type: "staples", staples }));
  }

  /** Tells it where the backend is now. */
  useBackend(endpoints: readonly BackendEndpoint[]): void {
    this.#write(encode({ type: "backend", endpoints }));
  }

  /** Has it log what it has counted. */
  logCounters(): void {
    this.#write(encode({ type: "counters" }));
  }

  /** Whether it has ever served. */
  get hasServed(): boolean {
    return this.#said.has("ready");
  }

  /** Whether it has said that it cannot. */
  get hasFailed(): boolean {
    return this.#said.has("failed");
  }

  /** Whether it has ended. */
  get isGone(): boolean {
    return this.#gone;
  }

  /** Whether a signal has ended it, or stud for its silence: the next one may well live. */
  get wasKilled(): boolean {
    return this.#killed;
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill();
  }

  /** `addresses`: those that the answer may name. */
  async #ask(
    frame: Frame,
    addresses: readonly SocketAddress[] = [],
  ): Promise<WorkerAnswer> {
    const answer = deferred<WorkerAnswer>();
    if (this.#gone) answer.reject(this.#goneError());
    else this.#asked.push({ answer, addresses, cancel: this.#limitAnswer(answer) });
    this.#write(frame);
    const { fault, refused, ...rest } = await answer.promise;
    if (refused !== undefined) throw new CertificatesRefused(refused);
    if (fault !== undefined) throw new StartupError(`worker ${this.#index}: ${fault}`);
    return rest;
  }

  /** Waits no longer for an answer, and later no longer for a worker that owes it. */
  #limitAnswer(answer: Deferred<WorkerAnswer>): () => void {
    let cancel = this.#clock.after(ANSWER_LIMIT, () => {
      // It stays in the queue: an answer that comes late is its own and nobody else's.
      const seconds = ANSWER_LIMIT / 1000;
      answer.reject(new StartupError(`worker ${this.#index}: no answer within ${seconds} s`));
      cancel = this.#clock.after(
        LAST_ANSWER_LIMIT - ANSWER_LIMIT,
        () => this.#break(`no answer within ${LAST_ANSWER_LIMIT / 1000} s`),
      );
    });
    return () => cancel();
  }

  #goneError(): StartupError {
    return new StartupError(`worker ${this.#index} (process ${this.pid}) has ended`);
  }

  #write({ line, keys }: Frame): void {
    if (this.#gone || this.#breach !== undefined) return void keys?.fill(0);
    this.#untaken++;
    let written: Promise<unknown> = Promise.resolve();
    // A failed write means that the worker is gone, and its end is noticed anyway.
    for (const bytes of line) written = this.#control.write(bytes).catch(() => {});
    if (keys?.length) written = this.#control.write(keys).catch(() => {});
    written.then(() => {
      this.#untaken--;
      keys?.fill(0);
    });
    if (this.#untaken > MAX_UNTAKEN) {
      this.#break(`it did not read the last ${MAX_UNTAKEN} messages`);
    }
  }

  async #follow(): Promise<string> {
    await readWorkerOutput(this.#child, this.#clock, {
      receive: (message) => this.#receive(message),
      text: (line, from) => this.#take(line, from),
      broken: (breach) => this.#break(breach),
    });
    const end = await this.#child.ended.catch((): ProcessEnd => ({ code: -1, signal: null }));
    this.#control.close().catch(() => {});
    this.#cancelDrainLimit();
    this.#heartbeat.stop();
    this.#lines.tellLeftOut();
    const reason = this.#reason(end);
    // What has taken too long to start, or broken the protocol, would do so again.
    this.#killed = this.#hung !== undefined ||
      end.signal !== null && this.#breach === undefined && !this.#late;
    this.#gone = true;
    this.#deaf.resolve();
    for (const { answer, cancel } of this.#asked.splice(0)) {
      cancel();
      answer.reject(this.#goneError());
    }
    this.#ready.reject(new StartupError(`worker ${this.#index} did not start: ${reason}`));
    return reason;
  }

  #reason(end: ProcessEnd): string {
    if (this.#breach !== undefined) {
      return `killed by stud because it broke the control protocol: ${this.#breach}`;
    }
    if (this.#hung !== undefined) return `killed by stud because it hung for ${this.#hung} s`;
    return describeEnd(end, this.#lastWords);
  }

  #hang(seconds: number): void {
    if (this.#breach !== undefined || this.#gone) return;
    this.#hung = seconds;
    this.#log.error(
      "worker {index} (process {pid}) hangs: no answer for {seconds} s (--worker-timeout); stud kills and replaces it",
      { index: this.#index, pid: this.pid, seconds },
    );
    this.kill();
  }

  /** Ends a worker that can be trusted no more; what it writes from now on is not read. */
  #break(breach: string): void {
    if (this.#breach !== undefined || this.#gone) return;
    this.#breach = breach;
    this.#log.error(
      "worker {index} (process {pid}) broke the control protocol: {breach}; stud kills and replaces it",
      { index: this.#index, pid: this.pid, breach },
    );
    this.kill();
  }

  #receive(message: WorkerMessage): void {
    if (this.#breach !== undefined) return;
    if (ONCE.has(message.type) && this.#said.has(message.type)) {
      throw new ProtocolError(`"${message.type}" a second time`);
    }
    this.#said.add(message.type);
    this.#heartbeat.heard();
    switch (message.type) {
      case "pong":
        return;
      case "busy":
        if (this.#said.has("ready") && this.#asked.length === 0) {
          throw new ProtocolError('"busy" without a request');
        }
        this.#heartbeat.busy = true;
        return;
      case "log":
        return this.#lines.write(message.level, message.text);
      case "access":
        return this.#accessLog?.write(message.lines);
      case "ready":
        if (this.#said.has("failed")) throw new ProtocolError('"ready" after "failed"');
        this.#heartbeat.busy = false;
        return this.#ready.resolve(message);
      case "failed":
        return this.#ready.reject(startFault(message));
      case "answer":
        return this.#answered(message);
      case "replace-me":
        return this.#leaving.resolve();
      case "deaf":
        if (!this.#mayBeDeaf) throw new ProtocolError('"deaf" without an order to drain');
        return this.#deaf.resolve();
      case "ended":
        this.totals = message.counters;
    }
  }

  #answered(message: WorkerAnswer): void {
    const asked = this.#asked.shift();
    if (asked === undefined) throw new ProtocolError("an answer without a request");
    asked.cancel();
    this.#heartbeat.busy = false;
    const isOne = ({ host, port }: SocketAddress) =>
      asked.addresses.some((one) => one.host === host && one.port === port);
    if (message.reopened?.every(isOne) === false) {
      asked.answer.reject(this.#goneError());
      throw new ProtocolError("an answer with an address that was not asked about");
    }
    asked.answer.resolve(message);
  }

  /** What the runtime itself prints, above all when it crashes. */
  #take(line: string, from: "output" | "errors"): void {
    if (line.trim() === "") return;
    if (from === "errors" && this.#lastWords === "") this.#lastWords = line.trim();
    this.#lines.write(from === "errors" ? "error" : "info", line);
  }
}

interface Question {
  readonly answer: Deferred<WorkerAnswer>;
  readonly addresses: readonly SocketAddress[];
  readonly cancel: () => void;
}

/** A message as it is written. */
type Frame = Pick<ConfigurationFrame, "line"> & Partial<ConfigurationFrame>;

function encode(message: SupervisorMessage): Frame {
  return { line: [new TextEncoder().encode(messageLine(message))] };
}

function startFault(
  { text, portInUse, refused }: Extract<WorkerMessage, { readonly type: "failed" }>,
): StartupError {
  if (refused !== undefined) return new CertificatesRefused(refused);
  return portInUse ? new PortInUseError(text) : new StartupError(text);
}

/** Milliseconds that a worker may take until it serves. */
const START_LIMIT = 60_000;
/** Milliseconds that it may take to answer. */
const ANSWER_LIMIT = 60_000;
/** The same, before it is ended: until then it may merely be slow. */
const LAST_ANSWER_LIMIT = 300_000;
/** Milliseconds that it may take to end after the time that its clients have. */
const DRAIN_GRACE = 10_000;
/** Messages that may wait for it. */
const MAX_UNTAKEN = 1_000;
/** What is said once in a worker's life. */
const ONCE: ReadonlySet<WorkerMessage["type"]> = new Set(["ready", "failed", "deaf", "ended"]);
