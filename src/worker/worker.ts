/**
 * A worker process: takes its configuration from the supervisor's pipe, listens, gives up its privileges and
 * relays until it is told to drain, or until the supervisor is gone.
 */

import { type LogLevel, PortInUseError, StartupError } from "../errors.ts";
import { messageLine, readMessages } from "../control/message_lines.ts";
import { accessMessages, messageText, refusedIn } from "../control/worker_messages.ts";
import type {
  DrainMessage,
  SupervisorMessage,
  WorkerAnswer,
  WorkerConfiguration,
  WorkerMessage,
  WorkerPrivileges,
} from "../control/messages.ts";
import { ToldKeys, unpackConfiguration } from "../control/packed_configuration.ts";
import { accessLine } from "../log/access_line.ts";
import { counted } from "../counted.ts";
import { LineQueue } from "../log/line_queue.ts";
import { configureLog, type Logger } from "../log/logger.ts";
import type { OnConnection } from "../proxy/access_log.ts";
import { describeCounters, newCounters } from "../proxy/counters.ts";
import { Proxy, type ProxyChange, type ProxyFrontend, type ProxyOptions } from "../proxy/proxy.ts";
import { pause, type Runtime, type SocketAddress, type Steering } from "../runtime/runtime.ts";
import { FrontendEngines } from "./frontend_engines.ts";
import { readAhead } from "./read_ahead.ts";
import { ENGINES } from "../tls/engines.ts";
import type { MakeEngine } from "../tls/engine.ts";

/** Runs a worker to its end and returns the exit code. */
export function runWorker(runtime: Runtime, makeEngine: MakeEngine): Promise<number> {
  return new Worker(runtime, makeEngine).run();
}

class Worker {
  readonly #runtime: Runtime;
  readonly #toSupervisor: LineQueue;
  readonly #accessLines: LineQueue;
  readonly #log: Logger;
  readonly #engines: FrontendEngines;
  readonly #keys = new ToldKeys();
  #proxy: Proxy | undefined;
  #prepared: { readonly change: ProxyChange; readonly drainSeconds: number } | undefined;
  #descriptors = 0;
  /** It has a user, a group or a root of its own by now. */
  #dropped = false;
  #drainSeconds = 0;
  /** Since it drains: seconds until clients are reset. */
  #endSeconds: number | undefined;
  #drained: Promise<void> | undefined;

  constructor(runtime: Runtime, makeEngine: MakeEngine) {
    this.#runtime = runtime;
    this.#engines = new FrontendEngines(makeEngine);
    this.#toSupervisor = new LineQueue(
      (lines) => runtime.processes.write("stdout", new TextEncoder().encode(lines.join(""))),
      {
        most: 2_000,
        batch: 100,
        lossLine: (lost) =>
          messageLine(logMessage("warning", `${counted(lost, "log line")} of this worker lost`)),
      },
    );
    this.#accessLines = new LineQueue((lines) => this.#sendAccessLines(lines), {
      most: 10_000,
      batch: 100,
      gather: () => pause(runtime.clock, ACCESS_PAUSE),
      onLoss: (lost) =>
        this.#log.warning("{lost} of the access log lost", { lost: counted(lost, "line") }),
    });
    this.#log = configureLog((level, text) => this.#send(logMessage(level, text)), "debug");
  }

  async run(): Promise<number> {
    const { processes } = this.#runtime;
    // Ctrl-C and a closed terminal reach the whole process group; they are the supervisor's to answer.
    processes.onSignal("SIGINT", () => {});
    processes.onSignal("SIGQUIT", () => {});
    processes.onSignal("SIGHUP", () => {});
    processes.onSignal("SIGTERM", () => this.#send({ type: "replace-me" }));
    processes.onSignal("SIGUSR2", () => this.#logCounters());
    processes.onUncaught((error) =>
      this.#log.error("internal error, please report it: {error}", { error: trace(error) })
    );
    // The first thing that it is told are private keys.
    this.#runtime.kernel?.hideMemory?.(true);
    try {
      await this.#obey();
    } catch (error) {
      const portInUse = error instanceof PortInUseError;
      const fault = { text: faultText(error), ...portInUse && { portInUse }, ...refusal(error) };
      this.#send({ type: "failed", ...fault });
      await this.#flushed();
      return 1;
    }
    await this.#drained;
    if (this.#proxy !== undefined) this.#send({ type: "ended", counters: this.#proxy.counters });
    await this.#flushed();
    return 0;
  }

  /** Waits for the last messages to leave, for a moment at most: a stalled supervisor must not keep us. */
  #flushed(): Promise<void> {
    const limit = pause(this.#runtime.clock, FLUSH_LIMIT);
    const flushed = this.#accessLines.flushed().then(() => this.#toSupervisor.flushed());
    return Promise.race([flushed, limit]);
  }

  /** Follows the supervisor until it says drain, or is gone; later orders are obeyed meanwhile. */
  async #obey(): Promise<void> {
    const all = readMessages<SupervisorMessage>(this.#runtime.processes.stdin);
    const messages = readAhead(all, (message) => {
      if (message.type !== "ping") return false;
      this.#send({ type: "pong" });
      return true;
    });
    for (;;) {
      const { value: message } = await messages.next();
      // Without a supervisor nobody gets the connections that come from now on.
      await this.#carryOut(
        message ?? { type: "drain", seconds: this.#drainSeconds, successors: false },
      );
      if (message === undefined) return;
      if (message.type === "drain") return this.#obeyWhileDraining(messages);
    }
  }

  #obeyWhileDraining(messages: AsyncGenerator<SupervisorMessage>): void {
    const follow = async () => {
      for await (const message of messages) {
        if (message.type === "drain") this.#endWithin(message.seconds);
      }
      this.#endWithin(this.#drainSeconds);
    };
    follow().catch((error) =>
      this.#log.error("internal error, please report it: {error}", { error: trace(error) })
    );
  }

  async #carryOut(message: SupervisorMessage): Promise<void> {
    switch (message.type) {
      case "start":
        await this.#sayBusy(message);
        return await this.#start(this.#unpacked(message));
      case "prepare":
        await this.#sayBusy(message);
        return await this.#answer(() => this.#prepare(this.#unpacked(message)));
      case "commit":
        return await this.#answer(() => this.#commit());
      case "forget":
        return this.#forget();
      case "steer":
        return await this.#answer(() => this.#steer(message.address, message.steering));
      case "backend":
        return this.#proxy?.useBackend(message.endpoints);
      case "counters":
        return this.#logCounters();
      case "staples":
        return this.#proxy?.staple(message.staples);
      case "drain":
        return this.#drain(message);
    }
  }

  /** Thousands of certificates may take seconds during which nothing else is done. */
  async #sayBusy({ configuration }: ConfigurationMessage): Promise<void> {
    if (!configuration.timeouts.worker) return;
    this.#send({ type: "busy" });
    await this.#runtime.clock.turn();
  }

  #unpacked({ configuration, parts }: ConfigurationMessage): WorkerConfiguration {
    return unpackConfiguration(configuration, parts, this.#keys);
  }

  async #start(configuration: WorkerConfiguration): Promise<void> {
    const { kernel } = this.#runtime;
    this.#drainSeconds = configuration.timeouts.drain;
    kernel?.returnMemory();
    this.#descriptors = kernel?.raiseDescriptorLimit() ?? 0;
    this.#pin(configuration.index);
    const frontends = await this.#engines.use(configuration);
    const options = this.#options(configuration, frontends);
    const proxy = await Proxy.listen(this.#runtime, options, this.#log);
    this.#engines.forgetKeys();
    this.#engines.commit();
    this.#dropPrivileges(configuration.privileges);
    const refused = this.#confine(configuration);
    proxy.serve();
    this.#proxy = proxy;
    const { library, missing } = frontends[0]!.engine;
    this.#send({
      ...{ type: "ready", library },
      ...missing !== undefined && { missing },
      ...refused.length > 0 && { unconfined: refused.join("; ") },
    });
  }

  #options(configuration: WorkerConfiguration, frontends: readonly ProxyFrontend[]): ProxyOptions {
    const sharesSessions = frontends.every(({ engine }) => ENGINES[engine.name].sharesSessions);
    const steer = !sharesSessions || configuration.steersAlways ? configuration.steer : undefined;
    return {
      ...{ ...configuration, frontends, reusePort: true, descriptors: this.#descriptors },
      // A socket would be this user's, and any other process of this user could share its port.
      opensNothing: this.#dropped,
      ...{ steer, steersNetworks: configuration.steersAlways },
      // Behind a balancer it is the balancer that is steered.
      clientsStay: steer !== undefined && configuration.preface.kind !== "proxy-proxy",
      onConnection: this.#onConnection(configuration),
    };
  }

  async #prepare(configuration: WorkerConfiguration): Promise<Partial<WorkerAnswer>> {
    this.#forget();
    try {
      const options = this.#options(configuration, await this.#engines.use(configuration));
      const change = await this.#proxy!.prepare(options);
      this.#engines.forgetKeys();
      this.#prepared = { change, drainSeconds: configuration.timeouts.drain };
      return { reopened: change.reopened };
    } catch (error) {
      this.#engines.forget();
      throw error;
    } finally {
      this.#keys.wipeAgain();
    }
  }

  async #commit(): Promise<void> {
    const prepared = this.#prepared!;
    this.#prepared = undefined;
    this.#drainSeconds = prepared.drainSeconds;
    const closed = prepared.change.commit();
    this.#engines.commit();
    await closed;
  }

  #forget(): void {
    this.#prepared?.change.forget();
    if (this.#prepared !== undefined) this.#engines.forget();
    this.#prepared = undefined;
  }

  #steer(address: SocketAddress, steering: Steering | null): void {
    this.#runtime.kernel?.steer(address, steering ?? undefined);
  }

  /** Does something that the supervisor waits for, and tells it how that went. */
  async #answer(
    work: () => Partial<WorkerAnswer> | void | Promise<Partial<WorkerAnswer> | void>,
  ): Promise<void> {
    try {
      this.#send({ type: "answer", ...await work() });
    } catch (error) {
      this.#send({ type: "answer", fault: faultText(error), ...refusal(error) });
    }
  }

  #drain({ seconds, successors }: DrainMessage): void {
    this.#forget();
    const proxy = this.#proxy;
    if (proxy === undefined) return;
    this.#drained = proxy.stopAccepting({ successors }).then(() => {
      this.#send({ type: "deaf" });
      this.#endWithin(this.#endSeconds);
      return proxy.drained();
    });
    this.#endSeconds = seconds;
  }

  #endWithin(seconds: number | undefined): void {
    this.#endSeconds = seconds;
    if (seconds !== undefined) this.#proxy?.endWithin(seconds * 1000);
  }

  #logCounters(): void {
    const counters = this.#proxy?.counters ?? newCounters();
    this.#log.info("counters: {counters}", { counters: describeCounters(counters) });
  }

  #onConnection({ accessLog: format }: WorkerConfiguration): OnConnection | undefined {
    if (format === undefined) return undefined;
    return (report) => this.#accessLines.push(accessLine(report, format));
  }

  /** Takes a place in the other queue only when it is empty: what a supervisor that stalls loses is counted here. */
  async #sendAccessLines(lines: readonly string[]): Promise<void> {
    await this.#toSupervisor.flushed();
    for (const message of accessMessages(lines)) {
      this.#send(message);
      await this.#toSupervisor.flushed();
    }
  }

  #dropPrivileges(privileges: WorkerPrivileges): void {
    const { kernel } = this.#runtime;
    this.#dropped = Object.values(privileges).some((value) =>
      value !== undefined && value !== null
    );
    if (kernel !== undefined) return kernel.dropPrivileges(privileges);
    // To serve as root although another user was asked for is the one thing that must not happen.
    if (!this.#dropped) return;
    throw new StartupError(
      "--user, --group and --chroot need the C library, which cannot be used here",
    );
  }

  /** What the kernel refuses of it. */
  #confine({ sandbox }: WorkerConfiguration): readonly string[] {
    const { kernel } = this.#runtime;
    if (sandbox !== undefined) return kernel?.confine?.(sandbox) ?? [];
    kernel?.hideMemory?.(false);
    return [];
  }

  #pin(index: number): void {
    try {
      this.#runtime.kernel?.pinToCpu(index - 1);
    } catch (error) {
      this.#log.warning("{reason}", { reason: (error as Error).message });
    }
  }

  /** Log lines may be lost, and counted; whatever else there is the supervisor waits for. */
  #send(message: WorkerMessage): void {
    this.#toSupervisor.push(messageLine(message), message.type !== "log");
  }
}

type ConfigurationMessage = Extract<SupervisorMessage, { readonly bytes: unknown }>;

function logMessage(level: LogLevel, text: string): WorkerMessage {
  return { type: "log", level, text };
}

function faultText(error: unknown): string {
  return messageText(error instanceof StartupError ? error.message : trace(error));
}

function refusal(error: unknown) {
  const refused = refusedIn(error);
  return refused && { refused };
}

function trace(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

/** Milliseconds. */
const FLUSH_LIMIT = 1_000;
/** Milliseconds for which lines of the access log may wait for others. */
const ACCESS_PAUSE = 200;
