/**
 * A TLS-terminating proxy in this process: its frontends, what their connections share, and its end. Workers
 * and the library are both this.
 */

import type { Logger } from "@logtape/logtape";
import type { PrefaceKind } from "../config/settings.ts";
import type { Endpoint, ListenAddress, Runtime, SocketAddress } from "../runtime/runtime.ts";
import type { TlsConnection, TlsEngine } from "../tls/engine.ts";
import { Aborter } from "./aborter.ts";
import { BackendDialer } from "./backend_dialer.ts";
import type { ConnectionServices } from "./connection.ts";
import { logConnection } from "./connection_log.ts";
import { type Counters, newCounters } from "./counters.ts";
import { DeadlineQueue } from "./deadline_queue.ts";
import { FaultLog } from "./fault_log.ts";
import { Frontend } from "./frontend.ts";
import { prefaceEncoder } from "./preface.ts";
import { newRelayBuffers } from "./relay.ts";
import { StallWatch } from "./stall_watch.ts";

/** What a proxy is made of. */
export interface ProxyOptions {
  readonly frontends: readonly ListenAddress[];
  /** Log a line for each connection that has ended. */
  readonly logConnections?: boolean;
  /** Tried in this order for each connection. */
  readonly backend: readonly Endpoint[];
  readonly preface: PrefaceKind;
  /** How many this process may have open; undefined or 0: nobody knows. */
  readonly descriptors?: number;
  /** Share the ports with other processes (SO_REUSEPORT). */
  readonly reusePort: boolean;
  /** How many processes share the clients by address; undefined: however the kernel likes. */
  readonly steer: number | undefined;
  readonly backlog: number;
  /** TCP_KEEPIDLE, seconds. */
  readonly keepalive: number;
  readonly timeouts: ProxyTimeouts;
}

/** All in seconds; 0 for `stall` means never. */
export interface ProxyTimeouts {
  readonly handshake: number;
  readonly backendConnect: number;
  readonly linger: number;
  readonly stall: number;
}

/** A running proxy. */
export class Proxy {
  readonly counters: Counters = newCounters();
  readonly #runtime: Runtime;
  readonly #frontends: Frontend[] = [];
  readonly #faults: FaultLog;
  readonly #services: ConnectionServices;

  private constructor(runtime: Runtime, engine: TlsEngine, options: ProxyOptions, log: Logger) {
    this.#runtime = runtime;
    this.#faults = new FaultLog(log, runtime.clock);
    this.#services = this.#newServices(engine, options, log);
  }

  /**
   * Listens; clients wait until {@linkcode serve}. Rejects with {@linkcode StartupError}, and nothing stays
   * open then.
   */
  static async listen(
    runtime: Runtime,
    engine: TlsEngine,
    options: ProxyOptions,
    log: Logger,
  ): Promise<Proxy> {
    const proxy = new Proxy(runtime, engine, options, log);
    try {
      await proxy.#listen(engine, options);
      return proxy;
    } catch (error) {
      for (const frontend of proxy.#frontends) frontend.close();
      throw error;
    }
  }

  async #listen(engine: TlsEngine, options: ProxyOptions): Promise<void> {
    const mostClients = clientsWithin(options.descriptors);
    for (const address of options.frontends) {
      const listener = await engine.listen({ ...options, address });
      this.#frontends.push(new Frontend(listener, this.#services, mostClients));
    }
  }

  /** The addresses it listens on, in the order of `frontends`. */
  get addresses(): SocketAddress[] {
    return this.#frontends.map((frontend) => frontend.address);
  }

  /** Begins to accept clients. */
  serve(): void {
    for (const frontend of this.#frontends) frontend.serve();
  }

  /** Stops accepting and waits for the clients to end; those left after `limit` ms are reset. */
  async drain(limit: number): Promise<void> {
    await Promise.all(this.#frontends.map((frontend) => frontend.stopAccepting()));
    const drained = Promise.all(this.#frontends.map((frontend) => frontend.drained()));
    const cancel = this.#runtime.clock.after(limit, () => {
      for (const frontend of this.#frontends) frontend.abortAll();
      // The other side may be the one that a relay waits for.
      this.#services.stallWatch.abortAll();
      this.#services.backend.abandonAll();
    });
    await drained;
    cancel();
    this.#faults.flush();
  }

  #newServices(engine: TlsEngine, options: ProxyOptions, log: Logger): ConnectionServices {
    const { timeouts, backend } = options;
    const runtime = this.#runtime;
    return {
      runtime,
      aborter: new Aborter(runtime),
      stallWatch: new StallWatch(runtime, {
        linger: timeouts.linger * 1000,
        stall: timeouts.stall * 1000,
      }),
      counters: this.counters,
      buffers: newRelayBuffers(engine.oneRecordPerRead),
      handshakes: new DeadlineQueue(runtime.clock, timeouts.handshake * 1000),
      backend: new BackendDialer(runtime, backend, timeouts.backendConnect * 1000),
      preface: prefaceEncoder(options.preface),
      onFault: (fault, client) => {
        if (fault.party === "backend") this.counters.backendsFailed++;
        this.#faults.connection(fault, client);
      },
      ...options.logConnections
        ? { onEnd: (client: TlsConnection) => logConnection(log, client) }
        : {},
      onShortage: (fault) => this.#faults.shortage(fault),
    };
  }
}

/** How many clients can be served, each with a descriptor of its own and one for its backend. */
function clientsWithin(descriptors = 0): number {
  return descriptors === 0 ? Infinity : Math.max(1, (descriptors - OWN_DESCRIPTORS) >> 1);
}

/** Listening sockets, pipes, and what the runtime itself has open. */
const OWN_DESCRIPTORS = 40;
