/**
 * A worker process. It reads its configuration from the supervisor's pipe, listens, drops its privileges, and
 * relays until it must drain or the supervisor is gone.
 */

import { deferred } from "../deferred.ts";
import { StartupError } from "../errors.ts";
import { messageLine, readRequests } from "../control/message_lines.ts";
import {
  accessMessages,
  faultOf,
  faultsToTell,
  linesLost,
  logMessage,
  messageText,
} from "../control/worker_messages.ts";
import type {
  Answer,
  Asked,
  CounterReport,
  Fault,
  RequestKind,
  WorkerConfiguration,
  WorkerEvent,
  WorkerPrivileges,
  WorkerRequest,
} from "../control/messages.ts";
import { accessLines } from "../log/access_sample.ts";
import { counted } from "../counted.ts";
import { LineQueue } from "../log/line_queue.ts";
import { configureLog, type Logger } from "../log/logger.ts";
import type { OnConnection } from "../proxy/access_log.ts";
import { describeCounters, newCounters } from "../proxy/counters.ts";
import { Proxy, type ProxyChange, type ProxyFrontend, type ProxyOptions } from "../proxy/proxy.ts";
import { pause, type Runtime } from "../runtime/runtime.ts";
import { CounterReports } from "./counter_reports.ts";
import { FrontendEngines } from "./frontend_engines.ts";
import { readAhead } from "./read_ahead.ts";
import { ENGINES } from "../tls/engines.ts";
import { ToldCertificates } from "./told_certificates.ts";
import { currentConfiguration } from "./current_configuration.ts";
import type { MakeEngine } from "../tls/engine.ts";

/** Runs a worker until it ends and returns the exit code. */
export function runWorker(runtime: Runtime, makeEngine: MakeEngine): Promise<number> {
  return new Worker(runtime, makeEngine).run();
}

class Worker {
  readonly #runtime: Runtime;
  readonly #toSupervisor: LineQueue;
  readonly #accessLines: LineQueue;
  readonly #log: Logger;
  readonly #engines: FrontendEngines;
  readonly #certificates = new ToldCertificates();
  #proxy: Proxy | undefined;
  #prepared: Prepared | undefined;
  #reports: CounterReports | undefined;
  #descriptors = 0;
  /** It has changed its user, group or root directory. */
  #dropped = false;
  #drainSeconds = 0;
  /** Set while draining: seconds until clients are reset. */
  #endSeconds: number | undefined;
  /** Set while draining: resolves when it no longer listens. */
  #stoppedAccepting: Promise<void> | undefined;
  /** Resolves with the exit code. */
  readonly #end = deferred<number>();

  readonly #handlers: Handlers = {
    start: (state) => this.#start(state),
    prepare: (state) => this.#prepare(state),
    commit: (asked) => this.#commit(asked),
    forget: () => this.#forget(),
    update: (change) => this.#update(change),
    steer: ({ address, steering }) => this.#runtime.kernel?.steer(address, steering ?? undefined),
    drain: (asked) => this.#drain(asked),
    report: () => this.#logCounters(),
    faults: () => faultsToTell(this.#proxy?.faults ?? { handshakes: [], backends: [] }),
    trace: (order) => this.#proxy?.tracing.begin(order),
    connections: async ({ filter, limit }) => {
      return await this.#proxy?.connections(filter, limit) ?? { matching: 0, connections: [] };
    },
    disconnect: async ({ filter }) => ({ matching: await this.#proxy?.disconnect(filter) ?? 0 }),
  };

  constructor(runtime: Runtime, makeEngine: MakeEngine) {
    this.#runtime = runtime;
    this.#engines = new FrontendEngines(makeEngine);
    this.#toSupervisor = new LineQueue(
      (lines) => runtime.processes.write("stdout", new TextEncoder().encode(lines.join(""))),
      {
        max: 2_000,
        batch: 100,
        lossLine: (lost) => messageLine(linesLost(lost)),
      },
    );
    this.#accessLines = new LineQueue((lines) => this.#sendAccessLines(lines), {
      max: 10_000,
      batch: 100,
      gather: () => pause(runtime.clock, ACCESS_PAUSE),
      onLoss: (lost) =>
        this.#log.warning("{lost} of the access log lost", { lost: counted(lost, "line") }, {
          fields: { lost: undefined, count: lost },
        }),
    });
    this.#log = configureLog((...line) => this.#say(logMessage(...line)), "debug");
  }

  async run(): Promise<number> {
    const { processes } = this.#runtime;
    // Ctrl-C and a closed terminal signal the whole process group; only the supervisor reacts to them.
    processes.onSignal("SIGINT", () => {});
    processes.onSignal("SIGQUIT", () => {});
    processes.onSignal("SIGHUP", () => {});
    processes.onSignal("SIGTERM", () => this.#say({ type: "replace-me" }));
    processes.onSignal("SIGUSR2", () => this.#logCounters());
    processes.onUncaught((error) =>
      this.#log.error("internal error, please report it: {error}", { error: trace(error) })
    );
    // Do this first: the first message contains private keys.
    this.#runtime.kernel?.hideMemory?.(true);
    this.#obey().catch((error) => {
      this.#log.error("internal error, please report it: {error}", { error: trace(error) });
      this.#end.resolve(1);
    });
    const code = await this.#end.promise;
    this.#reports?.stop();
    const reports = this.#reports?.last() ?? [];
    for (const report of reports.slice(0, -1)) this.#say({ type: "counters", ...report });
    if (reports.length > 0) this.#say({ type: "ended", ...reports.at(-1)! });
    await this.#flushed();
    return code;
  }

  /** Waits until the last messages are sent, but not for long: a stalled supervisor must not block the exit. */
  #flushed(): Promise<void> {
    const limit = pause(this.#runtime.clock, FLUSH_LIMIT);
    const flushed = this.#accessLines.flushed().then(() => this.#toSupervisor.flushed());
    return Promise.race([flushed, limit]);
  }

  /** Carries out the supervisor's requests, one after the other, until the supervisor is gone. */
  async #obey(): Promise<void> {
    const all = readRequests(
      this.#runtime.processes.stdin,
      (id, fault) => this.#send({ type: "answer", id, fault }),
    );
    // Deno reads the pipe until the worker's own event loop exists, which is once its first socket is open. A read
    // that Deno has begun does not always wake that loop when it ends, so nothing is read ahead until then.
    for (let isStarted = false; !isStarted;) {
      const { value: request, done } = await all.next();
      if (done) break;
      if (this.#takePing(request)) continue;
      await this.#answer(request);
      isStarted = request.type === "start";
    }
    for await (const request of readAhead(all, (request) => this.#takePing(request))) {
      const answered = this.#answer(request);
      // Requests that arrive while clients end are carried out too.
      if (request.type !== "drain") await answered;
    }
    // Without a supervisor, nothing would accept connections that arrive from now on.
    await this.#drain({ seconds: this.#drainSeconds, successors: false });
  }

  /** Answers the request if it is a ping, and returns whether it is. */
  #takePing({ type, id }: WorkerRequest): boolean {
    if (type !== "ping") return false;
    this.#send({ type: "answer", id });
    return true;
  }

  async #answer(request: WorkerRequest): Promise<void> {
    const { type, id } = request;
    const handle = this.#handlers[type as keyof Handlers] as AnyHandler;
    try {
      this.#send({ type: "answer", id, ...await handle(request) });
    } catch (error) {
      const text = error instanceof StartupError ? error.message : trace(error);
      this.#send({ type: "answer", id, ...faultOf(error, text) });
      if (type === "start") this.#end.resolve(1);
    }
  }

  /** Reads the state of a request. With thousands of certificates this may block for seconds. */
  async #told(state: Asked<"prepare">): Promise<WorkerConfiguration> {
    if (state.configuration.timeouts.worker) {
      this.#say({ type: "busy" });
      await this.#runtime.clock.turn();
    }
    return currentConfiguration(state, this.#certificates);
  }

  async #start(state: Asked<"start">): Promise<Answer<"start">> {
    const configuration = await this.#told(state);
    const { kernel, clock } = this.#runtime;
    this.#drainSeconds = configuration.timeouts.drain;
    kernel?.returnMemory();
    this.#descriptors = kernel?.raiseDescriptorLimit() ?? 0;
    this.#pin(configuration.index);
    const frontends = await this.#engines.use(configuration);
    const options = this.#options(configuration, state, frontends);
    const proxy = await Proxy.listen(this.#runtime, options, this.#log);
    this.#engines.forgetKeys();
    this.#engines.commit();
    this.#dropPrivileges(configuration.privileges);
    const refused = this.#confine(configuration);
    this.#proxy = proxy;
    const say = (report: CounterReport) => this.#say({ type: "counters", ...report });
    this.#reports = new CounterReports(clock, proxy, say);
    proxy.serve();
    const { library, missing } = frontends[0]!.engine;
    return {
      library,
      ...missing !== undefined && { missing: messageText(missing) },
      ...refused.length > 0 && { unconfined: messageText(refused.join("; ")) },
    };
  }

  #options(
    configuration: WorkerConfiguration,
    { listeners = 1 }: Pick<Asked<"prepare">, "listeners">,
    frontends: readonly ProxyFrontend[],
  ): ProxyOptions {
    const sharesSessions = frontends.every(({ engine }) => ENGINES[engine.name].sharesSessions);
    const isSteered = !sharesSessions || configuration.steersAlways;
    const workers = isSteered ? configuration.steer : undefined;
    const steer = workers && workers * listeners;
    return {
      ...{
        ...configuration,
        frontends,
        reusePort: true,
        listeners,
        descriptors: this.#descriptors,
      },
      // A new socket would belong to this user, and any other process of this user could share its port.
      opensNothing: this.#dropped,
      ...{ steer, steersNetworks: configuration.steersAlways },
      // Behind a load balancer, steering by address would see only the balancer's address.
      clientsStay: steer !== undefined && configuration.preface.kind !== "proxy-proxy",
      onConnection: this.#onConnection(configuration),
      onAccept: () => this.#reports?.wake(),
    };
  }

  async #prepare(state: Asked<"prepare">): Promise<Answer<"prepare">> {
    this.#forget();
    const configuration = await this.#told(state);
    try {
      const frontends = await this.#engines.use(configuration);
      const options = this.#options(configuration, state, frontends);
      const change = await this.#proxy!.prepare(options);
      this.#engines.forgetKeys();
      const { version } = state;
      this.#prepared = { version, change, drainSeconds: configuration.timeouts.drain };
      return { reopened: change.reopened.map(({ host, port }) => ({ host, port })) };
    } catch (error) {
      this.#engines.forget();
      throw error;
    } finally {
      this.#certificates.keys.wipeAgain();
    }
  }

  async #commit({ version }: Asked<"commit">): Promise<void> {
    const prepared = this.#prepared;
    if (prepared?.version !== version) throw new StartupError("this state was not prepared");
    this.#prepared = undefined;
    this.#drainSeconds = prepared.drainSeconds;
    const closed = prepared.change.commit();
    this.#engines.commit();
    this.#certificates.commit(version);
    await closed;
  }

  #forget(): void {
    this.#prepared?.change.forget();
    if (this.#prepared !== undefined) this.#engines.forget();
    this.#prepared = undefined;
  }

  #update({ backend, staples }: Asked<"update">): void {
    if (backend !== undefined) this.#proxy?.useBackend(backend);
    if (staples !== undefined) this.#proxy?.staple(staples);
  }

  /** Resolves when it no longer listens. */
  async #drain({ seconds, successors }: Asked<"drain">): Promise<void> {
    this.#forget();
    const proxy = this.#proxy;
    if (proxy === undefined) return this.#end.resolve(0);
    if (this.#stoppedAccepting !== undefined) {
      this.#endWithin(seconds);
      return await this.#stoppedAccepting;
    }
    this.#endSeconds = seconds;
    this.#stoppedAccepting = proxy.stopAccepting({ successors });
    await this.#stoppedAccepting;
    this.#endWithin(this.#endSeconds);
    proxy.drained().then(() => this.#end.resolve(0));
  }

  #endWithin(seconds: number | undefined): void {
    this.#endSeconds = seconds;
    if (seconds !== undefined) this.#proxy?.endWithin(seconds * 1000);
  }

  #logCounters(): void {
    const counters = this.#proxy?.counters ?? newCounters();
    const fields = { counters: undefined, ...counters };
    this.#log.info("counters: {counters}", { counters: describeCounters(counters) }, { fields });
  }

  #onConnection({ log }: WorkerConfiguration): OnConnection | undefined {
    if (log.access === undefined) return undefined;
    return accessLines(log, (line) => this.#accessLines.push(line));
  }

  /** Uses the other queue only when that is empty, so that lines lost to a stalled supervisor are counted here. */
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
    // Never serve as root if another user was requested.
    if (!this.#dropped) return;
    throw new StartupError(
      "--user, --group and --chroot need the C library, which cannot be used here",
    );
  }

  /** Applies the sandbox, and returns what the kernel refuses of it. */
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
      const values = { reason: (error as Error).message };
      this.#log.warning("{reason}", values, { event: "cpu_pinning_failed" });
    }
  }

  #say(event: WorkerEvent): void {
    this.#send(event);
  }

  /** Log lines may be dropped, and are counted; the supervisor waits for all other messages. */
  #send(message: Message): void {
    this.#toSupervisor.push(messageLine(message), message.type !== "log");
  }
}

type Message = WorkerEvent | { readonly type: "answer"; readonly id: number } & Fault;

/** What the worker does for each request but pings, and what it answers. */
type Handlers = {
  readonly [Kind in Exclude<RequestKind, "ping">]: (
    asked: Asked<Kind>,
  ) => Done<Kind> | Promise<Done<Kind>>;
};

type Done<Kind extends RequestKind> = Record<never, never> extends Answer<Kind> ? void
  : Answer<Kind>;

type AnyHandler = (asked: WorkerRequest) => object | undefined | Promise<object | undefined>;

/** The change it has prepared. */
interface Prepared {
  readonly version: number;
  readonly change: ProxyChange;
  readonly drainSeconds: number;
}

function trace(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

/** Milliseconds. */
const FLUSH_LIMIT = 1_000;
/** Max milliseconds that access log lines wait to be sent together. */
const ACCESS_PAUSE = 200;
