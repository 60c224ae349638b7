/**
 * A worker process: takes its configuration from the supervisor's pipe, listens, gives up its privileges and
 * relays until it is told to drain, or until the supervisor is gone.
 */

import { type LogLevel, StartupError } from "../errors.ts";
import { decodeMessage, messageLine, readLines } from "../control/message_lines.ts";
import type {
  SupervisorMessage,
  WorkerConfiguration,
  WorkerMessage,
  WorkerPrivileges,
} from "../control/messages.ts";
import { LineQueue } from "../log/line_queue.ts";
import { configureLog, type Logger } from "../log/log.ts";
import { Proxy } from "../proxy/proxy.ts";
import { pause, type Runtime } from "../runtime/runtime.ts";
import type { MakeEngine } from "../tls/engine.ts";

/** Runs a worker to its end and returns the exit code. */
export function runWorker(runtime: Runtime, makeEngine: MakeEngine): Promise<number> {
  return new Worker(runtime, makeEngine).run();
}

class Worker {
  readonly #runtime: Runtime;
  readonly #makeEngine: MakeEngine;
  readonly #toSupervisor: LineQueue;
  readonly #log: Logger;
  #proxy: Proxy | undefined;
  #drainLimit = 0;

  constructor(runtime: Runtime, makeEngine: MakeEngine) {
    this.#runtime = runtime;
    this.#makeEngine = makeEngine;
    this.#toSupervisor = new LineQueue(
      (lines) => runtime.processes.write("stdout", new TextEncoder().encode(lines.join(""))),
      {
        most: 2_000,
        batch: 100,
        lossLine: (lost) =>
          messageLine(logMessage("warning", `${lost} log lines of this worker lost`)),
      },
    );
    this.#log = configureLog((level, text) => this.#send(logMessage(level, text)), "debug");
  }

  async run(): Promise<number> {
    const { processes } = this.#runtime;
    // Ctrl-C and a closed terminal reach the whole process group; they are the supervisor's to answer.
    processes.onSignal("SIGINT", () => {});
    processes.onSignal("SIGHUP", () => {});
    processes.onSignal("SIGTERM", () => this.#send({ type: "replace-me" }));
    processes.onUncaught((error) =>
      this.#log.error("internal error: {error}", { error: trace(error) })
    );
    try {
      await this.#obey();
    } catch (error) {
      const text = error instanceof StartupError ? error.message : trace(error);
      this.#send({ type: "failed", text });
      await this.#flushed();
      return 1;
    }
    await this.#proxy?.drain(this.#drainLimit);
    if (this.#proxy !== undefined) this.#send({ type: "ended", counters: this.#proxy.counters });
    await this.#flushed();
    return 0;
  }

  /** Waits for the last messages to leave, for a moment at most: a stalled supervisor must not keep us. */
  #flushed(): Promise<void> {
    const limit = pause(this.#runtime.clock, FLUSH_LIMIT);
    return Promise.race([this.#toSupervisor.flushed(), limit]);
  }

  /** Follows the supervisor until it says drain, or is gone. */
  async #obey(): Promise<void> {
    for await (const text of readLines(this.#runtime.processes.stdin)) {
      const message = decodeMessage<SupervisorMessage>(text);
      if (message?.type === "start") await this.#start(message.configuration);
      if (message?.type === "staples") this.#proxy?.staple(message.staples);
      if (message?.type === "drain") return;
    }
  }

  async #start(configuration: WorkerConfiguration): Promise<void> {
    const { kernel } = this.#runtime;
    this.#drainLimit = configuration.timeouts.drain * 1000;
    kernel?.returnMemory();
    const descriptors = kernel?.raiseDescriptorLimit() ?? 0;
    this.#pin(configuration.index);
    const engine = this.#makeEngine(configuration.tls);
    const proxy = await Proxy.listen(
      this.#runtime,
      engine,
      { ...configuration, reusePort: true, descriptors },
      this.#log,
    );
    this.#dropPrivileges(configuration.privileges);
    proxy.serve();
    this.#proxy = proxy;
    this.#send({ type: "ready", library: engine.library });
  }

  #dropPrivileges(privileges: WorkerPrivileges): void {
    const { kernel } = this.#runtime;
    if (kernel !== undefined) return kernel.dropPrivileges(privileges);
    // To serve as root although another user was asked for is the one thing that must not happen.
    if (Object.values(privileges).every((value) => value === undefined || value === null)) return;
    throw new StartupError(
      "--user, --group and --chroot need the C library, which cannot be used here",
    );
  }

  #pin(index: number): void {
    try {
      this.#runtime.kernel?.pinToCpu(index - 1);
    } catch (error) {
      this.#log.warning("{reason}", { reason: (error as Error).message });
    }
  }

  #send(message: WorkerMessage): void {
    this.#toSupervisor.push(messageLine(message));
  }
}

function logMessage(level: LogLevel, text: string): WorkerMessage {
  return { type: "log", level, text };
}

function trace(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

/** Milliseconds. */
const FLUSH_LIMIT = 1_000;
