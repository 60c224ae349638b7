/**
 * A TLS-terminating proxy in this process: its frontends, what their connections share, and how it ends. Both a
 * worker and the library run one.
 */

import { StartupError } from "../errors.ts";
import type { ConnectionFilter, LiveConnections } from "../live_connection.ts";
import type { Logger } from "../log/logger.ts";
import type { Endpoint, Runtime, SocketAddress } from "../runtime/runtime.ts";
import type { TlsEngine } from "../tls/engine.ts";
import { Aborter } from "./aborter.ts";
import { Registry } from "../metrics/registry.ts";
import { Admission, FrontendSlots, limitLabel } from "./admission.ts";
import { admissionRules } from "./admission_rules.ts";
import { Activity } from "./activity.ts";
import { AccessLog } from "./access_log.ts";
import { BackendDialer } from "./backend_dialer.ts";
import { Tracing } from "./client_trace.ts";
import type { ConnectionServices } from "./connection.ts";
import { logConnection } from "./connection_log.ts";
import { type Counters, newCounters } from "./counters.ts";
import { Departures } from "./departures.ts";
import { FaultLog } from "./fault_log.ts";
import { Frontend, type FrontendShares } from "./frontend.ts";
import { FrontendCounts } from "./frontend_counts.ts";
import type { BackendFailure } from "./backend_counts.ts";
import type { HandshakeFailure } from "./handshake_failures.ts";
import { disconnect, type LiveScan, openConnections } from "./live_connections.ts";
import { openAll, type Opening } from "./openings.ts";
import {
  nameOf,
  type ProxyFrontend,
  type ProxyOptions,
  shareOf,
  stallLimits,
  workerAdmission,
} from "./proxy_options.ts";
import { prefaceEncoder } from "./preface.ts";
import { newRelayBuffers } from "./relay.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";
import { StallWatch } from "./stall_watch.ts";

export type { ProxyFrontend, ProxyOptions, ProxyTimeouts } from "./proxy_options.ts";

/** What has failed. */
export interface ProxyFaults {
  readonly handshakes: readonly HandshakeFailure[];
  readonly backends: readonly BackendFailure[];
}

/** A running proxy. */
export class Proxy {
  readonly counters: Counters = newCounters();
  /** What it counts for each frontend, backend and limit. */
  readonly metrics = new Registry();
  readonly #runtime: Runtime;
  readonly #log: Logger;
  readonly #faults: FaultLog;
  /** By the frontend's name. */
  #shares = new Map<string, FrontendShares>();
  readonly #activity: Activity;
  readonly #drainTimeout = { isOver: false };
  #services: ConnectionServices;
  #frontends: Frontend[] = [];
  /** Frontends that no longer listen, kept until their clients have left. */
  readonly #former = new Set<Frontend>();
  #cancelEnd: () => void = () => {};
  /** Logs everything about the handshakes of some clients. */
  readonly tracing: Tracing;

  private constructor(runtime: Runtime, options: ProxyOptions, log: Logger) {
    this.#runtime = runtime;
    this.#log = log;
    this.#faults = new FaultLog(log, runtime.clock);
    this.tracing = new Tracing({ log, clock: runtime.clock });
    this.#activity = new Activity(runtime.clock);
    this.#services = this.#newServices(options);
  }

  /** Listens; clients wait until {@linkcode serve}. If it rejects with {@linkcode StartupError}, nothing stays open. */
  static async listen(
    runtime: Runtime,
    options: ProxyOptions,
    log: Logger,
  ): Promise<Proxy> {
    const proxy = new Proxy(runtime, options, log);
    (await proxy.prepare(options)).commit();
    return proxy;
  }

  /** The addresses it listens on, in the order of `frontends`. */
  get addresses(): SocketAddress[] {
    return this.#frontends.map((frontend) => frontend.address);
  }

  /** Connects new clients to these addresses; existing connections continue. */
  useBackend(endpoints: readonly Endpoint[]): void {
    this.#services.backend.use(endpoints);
  }

  /**
   * The handshakes that failed since the start, by frontend and reason, the most frequent first, and the last failure
   * of each backend address, the latest first.
   */
  get faults(): ProxyFaults {
    return { handshakes: this.#faults.failures.all, backends: this.#services.backend.failures };
  }

  /** Starts to accept clients. */
  serve(): void {
    for (const frontend of this.#frontends) frontend.serve();
  }

  /**
   * Prepares for serving with other options, but changes nothing yet. `descriptors` cannot be changed. Rejects
   * with {@linkcode StartupError}.
   */
  async prepare(options: ProxyOptions): Promise<ProxyChange> {
    const steps = await this.#steps(options);
    const reopened = steps.flatMap(({ frontend, opened }) =>
      opened !== undefined && this.#servedAt(frontend.wanted) !== undefined ? [frontend.wanted] : []
    );
    return {
      reopened,
      commit: () => this.#commit(steps, options),
      forget: () => {
        for (const { opened } of steps) if (opened !== undefined) this.#withdraw(opened);
      },
    };
  }

  /** Staples these OCSP responses from now on, if the engine can staple. */
  staple(staples: Parameters<NonNullable<TlsEngine["staple"]>>[0]): void {
    const engines = new Set(this.#frontends.map(({ engine }) => engine));
    for (const engine of engines) engine.staple?.(staples);
  }

  /** Stops accepting and waits for the clients to end. Clients left after `limit` ms are reset. */
  async drain(limit: number, options: DrainOptions = {}): Promise<void> {
    await this.stopAccepting(options);
    this.endWithin(limit);
    await this.drained();
  }

  /** Closes the listening sockets without losing clients; existing connections continue. */
  async stopAccepting({ successors = false }: DrainOptions = {}): Promise<void> {
    await Promise.all(this.#frontends.map((frontend) => frontend.stopAccepting(successors)));
  }

  /** Resolves when all connections have ended. */
  async drained(): Promise<void> {
    await Promise.all(this.#allFrontends.map((frontend) => frontend.drained()));
    this.#cancelEnd();
    this.#services.departures.cancel();
    this.tracing.end();
    this.#faults.flush();
  }

  /** Resets the remaining clients after this many milliseconds. The last call wins. */
  endWithin(limit: number): void {
    this.#cancelEnd();
    this.#cancelEnd = this.#runtime.clock.after(limit, () => {
      this.#drainTimeout.isOver = true;
      for (const frontend of this.#allFrontends) frontend.abortAll();
      // The relay may be waiting for the other side.
      this.#services.stallWatch.abortAll();
      this.#services.backend.cancelAll();
    });
  }

  /** Makes the idle times of connections exact again. Called every few seconds while there are any. */
  readonly ageActivity = (): void => this.#activity.age();

  /**
   * The connections that are open now and match, the oldest first: at most `limit`, and how many
   * there are. Rejects with `AddressFormatError` if the filter's client is no address.
   */
  async connections(filter: ConnectionFilter, limit: number): Promise<LiveConnections> {
    return await openConnections(this.#scan(filter), limit);
  }

  /** Resets the connections that match, and returns their number. Rejects like {@linkcode Proxy.connections}. */
  async disconnect(filter: ConnectionFilter): Promise<number> {
    return await disconnect(this.#scan(filter));
  }

  #scan(filter: ConnectionFilter): LiveScan {
    return { frontends: this.#allFrontends, filter, clock: this.#runtime.clock };
  }

  /** Those that listen, and those that only have clients. */
  get #allFrontends(): Frontend[] {
    return [...this.#frontends, ...this.#former];
  }

  /** What happens to each frontend. An existing socket is kept if its engine allows it. */
  async #steps(options: ProxyOptions): Promise<FrontendStep[]> {
    const steps: (FrontendStep | undefined)[] = [];
    const openings: Opening<Frontend>[] = [];
    for (const frontend of options.frontends) {
      const { engine } = frontend;
      const current = this.#servedAt(frontend);
      const adopt = await current?.serveBy(engine);
      steps.push(current && adopt && { frontend: current, adopt });
      if (steps.at(-1) === undefined) openings.push(this.#opening(frontend, options));
    }
    const opened = await openAll(this.#runtime.network, openings, (one) => this.#withdraw(one));
    return steps.map((step) => {
      if (step !== undefined) return step;
      const frontend = opened.shift()!;
      return { frontend, opened: frontend };
    });
  }

  #opening(frontend: ProxyFrontend, options: ProxyOptions): Opening<Frontend> {
    const { engine, name: _name, limits: _limits, ...address } = frontend;
    if (options.opensNothing) {
      const where = formatSocketAddress(address);
      throw new StartupError(`cannot listen on ${where}: this process opens no more sockets`);
    }
    // Until the change is made.
    const shares = this.#newShares(nameOf(frontend));
    const { reusePort } = options;
    return {
      ...{ engine, address, reusePort },
      open: () => Frontend.listen(engine, { ...options, address }, this.#services, shares),
    };
  }

  /**
   * Closes a socket that is not needed after all. If this process already serves, the kernel may have given it
   * clients. They are served like any others.
   */
  #withdraw(opened: Frontend): void {
    const served = this.#servedAt(opened.wanted);
    if (served === undefined) return opened.close();
    opened.use(this.#services, served.shares);
    opened.serve();
    void this.#close(opened, false);
  }

  #servedAt({ host, port }: SocketAddress): Frontend | undefined {
    return this.#frontends.find(({ wanted }) => wanted.host === host && wanted.port === port);
  }

  #commit(steps: readonly FrontendStep[], options: ProxyOptions): Promise<void> {
    const before = this.#frontends;
    this.#services = this.#changeServices(options);
    this.#shares = this.#changeShares(options);
    for (const [index, { frontend, adopt }] of steps.entries()) {
      adopt?.();
      const name = nameOf(options.frontends[index]!);
      frontend.name = name;
      frontend.use(this.#services, this.#shares.get(name)!);
    }
    this.#frontends = steps.map(({ frontend }) => frontend);
    const { kernel } = this.#runtime;
    for (const { address, engine } of before.length > 0 ? this.#frontends : []) {
      const silentClients = engine.dialer !== undefined;
      kernel?.tuneListener(address, { sockets: options.sockets, silentClients });
    }
    const gone = before.filter((frontend) => !this.#frontends.includes(frontend));
    if (before.length > 0) this.serve();
    return this.#retire(gone);
  }

  /** Resolves when they no longer listen. Their clients may stay for as long as they like. */
  async #retire(frontends: readonly Frontend[]): Promise<void> {
    await Promise.all(
      frontends.map((frontend) =>
        this.#close(frontend, this.#servedAt(frontend.wanted) !== undefined)
      ),
    );
  }

  #close(frontend: Frontend, successors: boolean): Promise<void> {
    this.#former.add(frontend);
    const stoppedAccepting = frontend.stopAccepting(successors);
    stoppedAccepting.then(() => frontend.drained()).then(() => this.#former.delete(frontend));
    return stoppedAccepting;
  }

  /** What the addresses of every name share; an existing frontend keeps its counts. */
  #changeShares(options: ProxyOptions): Map<string, FrontendShares> {
    const changed = new Map<string, FrontendShares>();
    for (const frontend of options.frontends) {
      const name = nameOf(frontend);
      if (changed.has(name)) continue;
      const rules = admissionRules(frontend.limits ?? {}, shareOf(options), name);
      const shares = this.#shares.get(name) ?? this.#newShares(name);
      shares.slots.use(rules);
      changed.set(name, shares);
    }
    return changed;
  }

  #newShares(name: string): FrontendShares {
    return {
      slots: new FrontendSlots(this.#runtime.clock),
      counts: new FrontendCounts(this.metrics, name),
    };
  }

  /** The services for new connections. What watches over existing ones stays. */
  #changeServices(options: ProxyOptions): ConnectionServices {
    const { timeouts, backend } = options;
    const { stallWatch, admission, backend: dialer } = this.#services;
    stallWatch.use(stallLimits(timeouts));
    admission.use(workerAdmission(options));
    dialer.use(backend);
    const tls = options.frontends[0]!.engine.dialer;
    dialer.change({ timeout: timeouts.backendConnect * 1000, tls });
    return { ...this.#services, ...this.#changingServices(options) };
  }

  #changingServices(
    { preface, log, frontends }: ProxyOptions,
  ): Pick<ConnectionServices, "preface" | "takesProxyHeader" | "tlsLibrary" | "onEnd"> {
    const { engine } = frontends[0]!;
    const onOmitted = (what: string) =>
      this.#log.warning("{what}", { what }, { event: "preface_field_omitted" });
    return {
      preface: prefaceEncoder(preface, onOmitted),
      takesProxyHeader: preface.kind === "proxy-proxy",
      tlsLibrary: engine.dialer === undefined ? engine.name : undefined,
      onEnd: log.level === "debug"
        ? (client, negotiated) => logConnection(this.#log, client, negotiated)
        : undefined,
    };
  }

  #newServices(options: ProxyOptions): ConnectionServices {
    const { timeouts, backend, onConnection, onAccept } = options;
    const { oneRecordPerRead, dialer } = options.frontends[0]!.engine;
    const runtime = this.#runtime;
    const aborter = new Aborter(runtime);
    const dialing = {
      ...{ timeout: timeouts.backendConnect * 1000, aborter, tls: dialer },
      metrics: this.metrics,
    };
    return {
      runtime,
      aborter,
      stallWatch: new StallWatch(runtime, stallLimits(timeouts), this.ageActivity),
      counters: this.counters,
      activity: this.#activity,
      drainTimeout: this.#drainTimeout,
      onAccept,
      departures: new Departures(runtime.clock, () => runtime.kernel?.releaseMemory?.()),
      buffers: dialer === undefined
        ? newRelayBuffers(oneRecordPerRead)
        : newRelayBuffers(dialer.oneRecordPerRead, "backend"),
      admission: new Admission(
        runtime.clock,
        workerAdmission(options),
        (rule) => {
          this.metrics.counter("limit_reached", [limitLabel(rule)]).value++;
          this.#faults.full(rule);
        },
      ),
      backend: new BackendDialer(runtime, backend, dialing),
      ...this.#changingServices(options),
      accessLog: onConnection && new AccessLog(runtime.clock, onConnection),
      onFault: (fault, client, site) => {
        if (fault.party === "backend") this.counters.backendsFailed++;
        this.#faults.connection(fault, client, site);
      },
      onShortage: (fault) => this.#faults.shortage(fault),
      tracing: this.tracing,
    };
  }
}

/** Options of a drain. */
export interface DrainOptions {
  /** Other processes listen on the same addresses and get the new connections by now. */
  readonly successors?: boolean;
}

/** A prepared change. Call exactly one of its functions, once. */
export interface ProxyChange {
  /**
   * Addresses where this process has two sockets until the change is made: the former one, and one kept for the
   * new options.
   */
  readonly reopened: readonly SocketAddress[];
  /** Makes the change. Resolves when the sockets that are no longer needed have been closed without losing clients. */
  commit(): Promise<void>;
  /** Closes what was opened for it. */
  forget(): void;
}

/** What happens to one frontend. */
interface FrontendStep {
  readonly frontend: Frontend;
  /** Set if its socket is new. */
  readonly opened?: Frontend;
  /** Makes the new engine serve the existing socket. */
  readonly adopt?: () => void;
}
