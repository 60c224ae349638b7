/**
 * A TLS-terminating proxy in this process: its frontends, what their connections share, and its end. Workers
 * and the library are both this.
 */

import type { ConnectionLimits, ProxySettings, Timeouts } from "../config/settings.ts";
import { StartupError } from "../errors.ts";
import type { Logger } from "../log/logger.ts";
import type { Endpoint, ListenAddress, Runtime, SocketAddress } from "../runtime/runtime.ts";
import type { TlsEngine } from "../tls/engine.ts";
import { Aborter } from "./aborter.ts";
import { Admission, FrontendPlaces, type WorkerAdmission } from "./admission.ts";
import { admissionRules, descriptorRule, type WorkerShare } from "./admission_rules.ts";
import { AccessLog, type OnConnection } from "./access_log.ts";
import { BackendDialer } from "./backend_dialer.ts";
import type { ConnectionServices } from "./connection.ts";
import { logConnection } from "./connection_log.ts";
import { type Counters, newCounters } from "./counters.ts";
import { Departures } from "./departures.ts";
import { FaultLog } from "./fault_log.ts";
import { Frontend } from "./frontend.ts";
import { openAll, type Opening } from "./openings.ts";
import { prefaceEncoder } from "./preface.ts";
import { newRelayBuffers } from "./relay.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";
import { type StallLimits, StallWatch } from "./stall_watch.ts";

/** What a proxy is made of. Of the timeouts some are only for those around it. */
export interface ProxyOptions extends Omit<ProxySettings, "timeouts">, Partial<WorkerShare> {
  /** At least one. */
  readonly frontends: readonly ProxyFrontend[];
  /** Log a line for each connection that has ended. */
  readonly logConnections?: boolean;
  /** Tried in this order for each connection, save that those which failed of late come last. */
  readonly backend: readonly Endpoint[];
  /** How many this process may have open; undefined or 0: nobody knows. */
  readonly descriptors?: number;
  /** Share the ports with other processes (SO_REUSEPORT). */
  readonly reusePort: boolean;
  /** Open no socket: a change that needs a new one is refused. */
  readonly opensNothing?: boolean;
  /** How many processes share the clients by address; undefined: however the kernel likes. */
  readonly steer: number | undefined;
  /** As TlsListenerOptions has it. */
  readonly steersNetworks?: boolean | undefined;
  readonly timeouts: ProxyTimeouts;
  /** Told of each connection that has ended: the access log. */
  readonly onConnection?: OnConnection | undefined;
  /** Called for each client that is accepted. */
  readonly onAccept?: (() => void) | undefined;
}

/** Where to listen, and who does TLS there. All engines are of one kind. */
export interface ProxyFrontend extends ListenAddress {
  readonly engine: TlsEngine;
  /** As the operator would write it: addresses of the same name are one frontend, and share its limits. */
  readonly name?: string | undefined;
  /** What holds for it besides what holds for all; undefined: nothing. */
  readonly limits?: Partial<ConnectionLimits> | undefined;
}

/** How long a proxy lets what take. */
export type ProxyTimeouts = Omit<Timeouts, "drain" | "worker">;

/** A running proxy. */
export class Proxy {
  readonly counters: Counters = newCounters();
  readonly #runtime: Runtime;
  readonly #log: Logger;
  readonly #faults: FaultLog;
  /** By the frontend's name. */
  #places = new Map<string, FrontendPlaces>();
  #services: ConnectionServices;
  #frontends: Frontend[] = [];
  /** Those that listen no more, until their clients have gone. */
  readonly #former = new Set<Frontend>();
  #cancelEnd: () => void = () => {};

  private constructor(runtime: Runtime, options: ProxyOptions, log: Logger) {
    this.#runtime = runtime;
    this.#log = log;
    this.#faults = new FaultLog(log, runtime.clock);
    this.#services = this.#newServices(options);
  }

  /**
   * Listens; clients wait until {@linkcode serve}. Rejects with {@linkcode StartupError}, and nothing stays
   * open then.
   */
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

  /** Sends the clients of new connections to these addresses; those that are served go on. */
  useBackend(endpoints: readonly Endpoint[]): void {
    this.#services.backend.use(endpoints);
  }

  /** Begins to accept clients. */
  serve(): void {
    for (const frontend of this.#frontends) frontend.serve();
  }

  /**
   * Gets everything ready for serving by other options, and changes nothing yet. What cannot be changed:
   * `descriptors`. Rejects with {@linkcode StartupError}.
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

  /** Staples other OCSP responses from now on, if the engine staples any. */
  staple(staples: Parameters<NonNullable<TlsEngine["staple"]>>[0]): void {
    const engines = new Set(this.#frontends.map(({ engine }) => engine));
    for (const engine of engines) engine.staple?.(staples);
  }

  /** Stops accepting and waits for the clients to end; those left after `limit` ms are reset. */
  async drain(limit: number, options: DrainOptions = {}): Promise<void> {
    await this.stopAccepting(options);
    this.endWithin(limit);
    await this.drained();
  }

  /** Closes the listening sockets gently; clients go on. */
  async stopAccepting({ successors = false }: DrainOptions = {}): Promise<void> {
    await Promise.all(this.#frontends.map((frontend) => frontend.stopAccepting(successors)));
  }

  /** Resolves when all clients have ended. */
  async drained(): Promise<void> {
    const frontends = [...this.#frontends, ...this.#former];
    await Promise.all(frontends.map((frontend) => frontend.drained()));
    this.#cancelEnd();
    this.#services.departures.cancel();
    this.#faults.flush();
  }

  /** Resets the clients that are left after so many milliseconds. The last call counts. */
  endWithin(limit: number): void {
    this.#cancelEnd();
    this.#cancelEnd = this.#runtime.clock.after(limit, () => {
      this.#services.accessLog?.cutOff();
      for (const frontend of [...this.#frontends, ...this.#former]) frontend.abortAll();
      // The other side may be the one that a relay waits for.
      this.#services.stallWatch.abortAll();
      this.#services.backend.abandonAll();
    });
  }

  /** What becomes of each frontend: a socket that listens there already is kept, if its engine can. */
  async #steps(options: ProxyOptions): Promise<FrontendStep[]> {
    const steps: (FrontendStep | undefined)[] = [];
    const openings: Opening<Frontend>[] = [];
    for (const { engine, name: _name, limits: _limits, ...address } of options.frontends) {
      const current = this.#servedAt(address);
      const adopt = await current?.serveBy(engine);
      steps.push(current && adopt && { frontend: current, adopt });
      if (steps.at(-1) === undefined) openings.push(this.#opening(engine, address, options));
    }
    const opened = await openAll(this.#runtime.network, openings, (one) => this.#withdraw(one));
    return steps.map((step) => {
      if (step !== undefined) return step;
      const frontend = opened.shift()!;
      return { frontend, opened: frontend };
    });
  }

  #opening(engine: TlsEngine, address: ListenAddress, options: ProxyOptions): Opening<Frontend> {
    if (options.opensNothing) {
      const where = formatSocketAddress(address);
      throw new StartupError(`cannot listen on ${where}: this process opens no more sockets`);
    }
    const places = new FrontendPlaces(this.#runtime.clock);
    const { reusePort } = options;
    return {
      ...{ engine, address, reusePort },
      open: () => Frontend.listen(engine, { ...options, address }, this.#services, places),
    };
  }

  /**
   * Closes a socket that is not wanted after all. Where this process serves already the kernel may have given it
   * clients, who are served as anybody else.
   */
  #withdraw(opened: Frontend): void {
    const served = this.#servedAt(opened.wanted);
    if (served === undefined) return opened.close();
    opened.use(this.#services, served.places);
    opened.serve();
    void this.#close(opened, false);
  }

  #servedAt({ host, port }: SocketAddress): Frontend | undefined {
    return this.#frontends.find(({ wanted }) => wanted.host === host && wanted.port === port);
  }

  #commit(steps: readonly FrontendStep[], options: ProxyOptions): Promise<void> {
    const before = this.#frontends;
    this.#services = this.#changeServices(options);
    this.#places = this.#changePlaces(options);
    for (const [index, { frontend, adopt }] of steps.entries()) {
      adopt?.();
      frontend.use(this.#services, this.#places.get(nameOf(options.frontends[index]!))!);
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

  /** Resolves when they listen no more; their clients go on for as long as they like. */
  async #retire(frontends: readonly Frontend[]): Promise<void> {
    await Promise.all(
      frontends.map((frontend) =>
        this.#close(frontend, this.#servedAt(frontend.wanted) !== undefined)
      ),
    );
  }

  #close(frontend: Frontend, successors: boolean): Promise<void> {
    this.#former.add(frontend);
    const deaf = frontend.stopAccepting(successors);
    deaf.then(() => frontend.drained()).then(() => this.#former.delete(frontend));
    return deaf;
  }

  /** The places of every frontend; one that was there before goes on counting. */
  #changePlaces(options: ProxyOptions): Map<string, FrontendPlaces> {
    const changed = new Map<string, FrontendPlaces>();
    for (const frontend of options.frontends) {
      const name = nameOf(frontend);
      if (changed.has(name)) continue;
      const rules = admissionRules(frontend.limits ?? {}, shareOf(options), name);
      const places = this.#places.get(name) ?? new FrontendPlaces(this.#runtime.clock);
      places.use(rules);
      changed.set(name, places);
    }
    return changed;
  }

  /** What connections share from now on; what watches over those that are there stays. */
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
    { preface, logConnections }: ProxyOptions,
  ): Pick<ConnectionServices, "preface" | "takesProxyHeader" | "onEnd"> {
    const onOmitted = (what: string) => this.#log.warning("{what}", { what });
    return {
      preface: prefaceEncoder(preface, onOmitted),
      takesProxyHeader: preface.kind === "proxy-proxy",
      onEnd: logConnections
        ? (client, negotiated) => logConnection(this.#log, client, negotiated)
        : undefined,
    };
  }

  #newServices(options: ProxyOptions): ConnectionServices {
    const { timeouts, backend, onConnection, onAccept } = options;
    const { oneRecordPerRead, dialer } = options.frontends[0]!.engine;
    const runtime = this.#runtime;
    const aborter = new Aborter(runtime);
    const dialing = { timeout: timeouts.backendConnect * 1000, aborter, tls: dialer };
    return {
      runtime,
      aborter,
      stallWatch: new StallWatch(runtime, stallLimits(timeouts)),
      counters: this.counters,
      onAccept,
      departures: new Departures(runtime.clock, () => runtime.kernel?.releaseMemory?.()),
      buffers: dialer === undefined
        ? newRelayBuffers(oneRecordPerRead)
        : newRelayBuffers(dialer.oneRecordPerRead, "backend"),
      admission: new Admission(
        runtime.clock,
        workerAdmission(options),
        (rule) => this.#faults.full(rule),
      ),
      backend: new BackendDialer(runtime, backend, dialing),
      ...this.#changingServices(options),
      accessLog: onConnection && new AccessLog(runtime.clock, onConnection),
      onFault: (fault, client) => {
        if (fault.party === "backend") this.counters.backendsFailed++;
        this.#faults.connection(fault, client);
      },
      onShortage: (fault) => this.#faults.shortage(fault),
    };
  }
}

/** How a drain goes. */
export interface DrainOptions {
  /** Other processes listen on the same addresses and get the new connections by now. */
  readonly successors?: boolean;
}

/** A change that has been prepared. One of its functions is to be called, once. */
export interface ProxyChange {
  /** Where two sockets of this process listen until the change is made: one that is kept for new options, and the former. */
  readonly reopened: readonly SocketAddress[];
  /** Makes the change; resolves when the sockets that are not wanted any more have been closed gently. */
  commit(): Promise<void>;
  /** Closes what was opened for it. */
  forget(): void;
}

/** What becomes of one frontend. */
interface FrontendStep {
  readonly frontend: Frontend;
  /** Set if its socket is a new one. */
  readonly opened?: Frontend;
  /** Has a socket that is there be served by the new engine. */
  readonly adopt?: () => void;
}

/** In milliseconds. */
function stallLimits({ linger, stall }: ProxyTimeouts): StallLimits {
  return { linger: linger * 1000, stall: stall * 1000 };
}

function workerAdmission(options: ProxyOptions): WorkerAdmission {
  const { timeouts, descriptors, frontends } = options;
  const { places, client } = admissionRules(options.limits, shareOf(options));
  return {
    handshakeTimeout: timeouts.handshake * 1000,
    places: [...descriptorRule(descriptors, frontends.length), ...places],
    client,
  };
}

function shareOf({ workers, clientsStay = false }: ProxyOptions): WorkerShare {
  return { workers, clientsStay };
}

function nameOf({ name, ...address }: ProxyFrontend): string {
  return name ?? formatSocketAddress(address);
}
