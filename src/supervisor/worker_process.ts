/** One worker process as the supervisor holds it: its pipe, its messages, its log lines, its last words. */

import { deferred } from "../deferred.ts";
import { decodeMessage, messageLine, readLines, startLine } from "../control/message_lines.ts";
import type {
  SupervisorMessage,
  WorkerConfiguration,
  WorkerMessage,
  WorkerTotals,
} from "../control/messages.ts";
import { type LogLevel, StartupError } from "../errors.ts";
import type { Logger } from "../log/log.ts";
import type { Staple } from "../tls/tls_configuration.ts";
import type { ChildProcess, ProcessEnd, Runtime } from "../runtime/runtime.ts";

/** A running worker. */
export class WorkerProcess {
  /** Resolves, with what does TLS in it, when it serves; rejects with {@linkcode StartupError} when it cannot, or died before. */
  readonly ready: Promise<string>;
  /** Resolves when somebody else wants it to end. */
  readonly leaving: Promise<void>;
  /** Resolves after its last message, with why it ended. */
  readonly ended: Promise<string>;
  readonly pid: number;
  /** What it had counted when it ended in order. */
  totals: WorkerTotals | undefined;
  readonly #child: ChildProcess;
  readonly #control: WritableStreamDefaultWriter<Uint8Array>;
  readonly #log: Logger;
  readonly #index: number;
  #lastWords = "";
  #ready = deferred<string>();
  #leaving = deferred<void>();

  /** Starts it. Throws {@linkcode StartupError}. */
  constructor(runtime: Runtime, configuration: WorkerConfiguration, log: Logger) {
    this.#child = runtime.processes.startWorker();
    this.#control = this.#child.control.getWriter();
    this.#log = log;
    this.#index = configuration.index;
    this.pid = this.#child.pid;
    this.ready = this.#ready.promise;
    this.ready.catch(() => {}); // Whoever cares awaits it; a worker that dies later cares no more.
    this.leaving = this.#leaving.promise;
    this.ended = this.#follow();
    const cancel = runtime.clock.after(START_LIMIT, () => {
      this.#lastWords = `nothing within ${START_LIMIT / 1000} s of its start`;
      this.kill();
    });
    this.ready.then(cancel, cancel);
    this.#write(startLine(configuration));
  }

  /** Asks it to stop accepting and to end once its clients have. */
  drain(): void {
    this.#tell(DRAIN);
  }

  /** Has it staple other OCSP responses from now on. */
  staple(staples: readonly Staple[]): void {
    this.#tell({ type: "staples", staples });
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill();
  }

  #tell(message: SupervisorMessage): void {
    this.#write([new TextEncoder().encode(messageLine(message))]);
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
      case "ready":
        return this.#ready.resolve(message.library);
      case "failed":
        return this.#ready.reject(new StartupError(message.text));
      case "replace-me":
        return this.#leaving.resolve();
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

const DRAIN: SupervisorMessage = { type: "drain" };
/** Milliseconds that a worker may take until it serves. */
const START_LIMIT = 60_000;
