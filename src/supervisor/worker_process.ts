/** One worker process as the supervisor holds it: its pipe, its messages, its log lines, its last words. */

import { type Deferred, deferred } from "../deferred.ts";
import { decodeMessage, messageLine, readLines } from "../control/message_lines.ts";
import { configurationLine } from "../control/packed_configuration.ts";
import type {
  BackendEndpoint,
  ServingBy,
  SupervisorMessage,
  WorkerAnswer,
  WorkerConfiguration,
  WorkerMessage,
  WorkerTotals,
} from "../control/messages.ts";
import { type LogLevel, PortInUseError, StartupError } from "../errors.ts";
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
  readonly #clock: Clock;
  readonly #index: number;
  readonly #accessLog: AccessOutput | undefined;
  #lastWords = "";
  #ready = deferred<ServingBy>();
  #leaving = deferred<void>();
  #deaf = deferred<void>();
  /** For its answers, in order. */
  readonly #asked: Deferred<WorkerAnswer>[] = [];
  #gone = false;

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
    this.#clock = runtime.clock;
    this.#index = configuration.index;
    this.#accessLog = accessLog;
    this.pid = this.#child.pid;
    this.ready = this.#ready.promise;
    this.ready.catch(() => {}); // Whoever cares awaits it; a worker that dies later cares no more.
    this.leaving = this.#leaving.promise;
    this.deaf = this.#deaf.promise;
    this.ended = this.#follow();
    const cancel = runtime.clock.after(START_LIMIT, () => {
      this.#lastWords = `nothing within ${START_LIMIT / 1000} s of its start`;
      this.kill();
    });
    this.ready.then(cancel, cancel);
    this.#write(configurationLine("start", configuration));
  }

  /**
   * Has it get ready for another configuration. Resolves with the addresses where it has two sockets until then,
   * rejects with {@linkcode StartupError} if it cannot.
   */
  async prepare(configuration: WorkerConfiguration): Promise<readonly SocketAddress[]> {
    const { reopened } = await this.#ask(configurationLine("prepare", configuration));
    return reopened ?? [];
  }

  /**
   * Has it serve by what was prepared. Resolves when it has closed the sockets that it needs no more; rejects with
   * {@linkcode StartupError} if it is gone.
   */
  async commit(): Promise<void> {
    await this.#ask([encode({ type: "commit" })]);
  }

  /** Has it drop what was prepared. */
  forget(): void {
    this.#write([encode({ type: "forget" })]);
  }

  /** Has it tell the kernel whom new connections go to. Rejects with {@linkcode StartupError}. */
  async steer(address: SocketAddress, steering: Steering | null): Promise<void> {
    await this.#ask([encode({ type: "steer", address, steering })]);
  }

  /**
   * Asks it to stop accepting and to end once its clients have, within so many seconds if that is a number.
   * `successors`: others listen there and get the new connections by now.
   */
  drain(seconds: number | undefined, successors = false): void {
    this.#write([
      encode({ type: "drain", ...seconds === undefined ? {} : { seconds }, successors }),
    ]);
  }

  /** Has it staple other OCSP responses from now on. */
  staple(staples: readonly Staple[]): void {
    this.#write([encode({ type: "staples", staples })]);
  }

  /** Tells it where the backend is now. */
  useBackend(endpoints: readonly BackendEndpoint[]): void {
    this.#write([encode({ type: "backend", endpoints })]);
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill();
  }

  async #ask(parts: readonly Uint8Array[]): Promise<WorkerAnswer> {
    const answer = deferred<WorkerAnswer>();
    if (this.#gone) answer.reject(this.#goneError());
    else this.#asked.push(answer);
    this.#write(parts);
    const cancel = this.#clock.after(ANSWER_LIMIT, () => {
      // It stays in the queue: an answer that comes late is its own and nobody else's.
      const seconds = ANSWER_LIMIT / 1000;
      answer.reject(new StartupError(`worker ${this.#index}: no answer within ${seconds} s`));
    });
    try {
      const { fault, ...rest } = await answer.promise;
      if (fault !== undefined) throw new StartupError(`worker ${this.#index}: ${fault}`);
      return rest;
    } finally {
      cancel();
    }
  }

  #goneError(): StartupError {
    return new StartupError(`worker ${this.#index} (process ${this.pid}) has ended`);
  }

  #write(parts: readonly Uint8Array[]): void {
    // A failed write means that the worker is gone, and its end is noticed anyway.
    for (const octets of parts) this.#control.write(octets).catch(() => {});
  }

  async #follow(): Promise<string> {
    const [end] = await Promise.all([
      this.#child.ended,
      this.#readMessages(),
      this.#readErrors(),
    ]);
    this.#control.close().catch(() => {});
    const reason = describeEnd(end, this.#lastWords);
    this.#gone = true;
    this.#deaf.resolve();
    for (const asked of this.#asked.splice(0)) asked.reject(this.#goneError());
    this.#ready.reject(new StartupError(`worker ${this.#index} did not start: ${reason}`));
    return reason;
  }

  async #readMessages(): Promise<void> {
    for await (const line of readLines(this.#child.output)) {
      const message = decodeMessage<WorkerMessage>(line);
      if (message === undefined) this.#logLine("info", line);
      else this.#receive(message);
    }
  }

  #receive(message: WorkerMessage): void {
    switch (message.type) {
      case "log":
        return this.#logLine(message.level, message.text);
      case "access":
        return this.#accessLog?.write(message.lines);
      case "ready":
        return this.#ready.resolve(message);
      case "failed":
        return this.#ready.reject(
          message.portInUse ? new PortInUseError(message.text) : new StartupError(message.text),
        );
      case "answer":
        return this.#asked.shift()?.resolve(message);
      case "replace-me":
        return this.#leaving.resolve();
      case "deaf":
        return this.#deaf.resolve();
      case "ended":
        this.totals = message.counters;
    }
  }

  #logLine(level: LogLevel, text: string): void {
    this.#log[level]("worker {index}: {text}", { index: this.#index, text });
  }

  /** What the runtime itself prints when it crashes. */
  async #readErrors(): Promise<void> {
    for await (const line of readLines(this.#child.errors)) {
      if (line.trim() === "") continue;
      if (this.#lastWords === "") this.#lastWords = line.trim();
      this.#logLine("error", line);
    }
  }
}

function encode(message: SupervisorMessage): Uint8Array {
  return new TextEncoder().encode(messageLine(message));
}

function describeEnd(end: ProcessEnd, lastWords: string): string {
  const how = end.signal === null ? `exit code ${end.code}` : `killed by ${end.signal}`;
  const hint = end.signal === null ? undefined : SIGNAL_HINTS[end.signal];
  return [how, hint, lastWords === "" ? undefined : `it said: ${lastWords}`]
    .filter((part) => part !== undefined).join("; ");
}

const SIGNAL_HINTS: Readonly<Record<string, string>> = {
  SIGKILL: "by hand, or by the kernel for want of memory: see dmesg",
  SIGTRAP: "the JavaScript heap was full",
  SIGSEGV: "a crash in native code",
  SIGABRT: "a crash in native code",
};

/** Milliseconds that a worker may take until it serves. */
const START_LIMIT = 60_000;
/** Milliseconds that it may take to answer. */
const ANSWER_LIMIT = 60_000;
