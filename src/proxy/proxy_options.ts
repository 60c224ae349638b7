/** The options of a proxy, and what follows from them for its parts. */

import type { ConnectionLimits, ProxySettings, Timeouts } from "../config/settings.ts";
import type { Endpoint, ListenAddress } from "../runtime/runtime.ts";
import type { TlsEngine } from "../tls/engine.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";
import type { OnConnection } from "./access_log.ts";
import type { WorkerAdmission } from "./admission.ts";
import { admissionRules, descriptorRule, type WorkerShare } from "./admission_rules.ts";
import type { StallLimits } from "./stall_watch.ts";

/** Options of a proxy. Some of the timeouts are not here, because only its owner uses them. */
export interface ProxyOptions extends Omit<ProxySettings, "timeouts">, Partial<WorkerShare> {
  /** At least one. */
  readonly frontends: readonly ProxyFrontend[];
  /** Tried in this order for each connection, but those that failed recently come last. */
  readonly backend: readonly Endpoint[];
  /** How many descriptors this process may have open; undefined or 0 if unknown. */
  readonly descriptors?: number;
  /** Share the ports with other processes (SO_REUSEPORT). */
  readonly reusePort: boolean;
  /** Number of sockets to open on each address (see `ListenOptions`). */
  readonly listeners?: number | undefined;
  /** Open no new socket: a change that needs one is refused. */
  readonly opensNothing?: boolean;
  /** Number of processes that share the clients by client address. Undefined: the kernel decides. */
  readonly steer: number | undefined;
  /** See TlsListenerOptions. */
  readonly steersNetworks?: boolean | undefined;
  readonly timeouts: ProxyTimeouts;
  /** Called for each connection that has ended: the access log. */
  readonly onConnection?: OnConnection | undefined;
  /** Called for each accepted client. */
  readonly onAccept?: (() => void) | undefined;
}

/** An address to listen on, and the engine that does TLS there. All engines are of one kind. */
export interface ProxyFrontend extends ListenAddress {
  readonly engine: TlsEngine;
  /** As the operator would write it. Addresses of the same name are one frontend and share its limits. */
  readonly name?: string | undefined;
  /** Limits for this frontend, in addition to the general ones; undefined if there are none. */
  readonly limits?: Partial<ConnectionLimits> | undefined;
}

/** The timeouts that a proxy itself applies. */
export type ProxyTimeouts = Omit<Timeouts, "drain" | "worker">;

/** The limits on stalled relays, in milliseconds. */
export function stallLimits({ linger, stall }: ProxyTimeouts): StallLimits {
  return { linger: linger * 1000, stall: stall * 1000 };
}

/** The limits of the whole process. */
export function workerAdmission(options: ProxyOptions): WorkerAdmission {
  const { timeouts, descriptors, frontends } = options;
  const { slots, client } = admissionRules(options.limits, shareOf(options));
  return {
    handshakeTimeout: timeouts.handshake * 1000,
    slots: [...descriptorRule(descriptors, frontends.length), ...slots],
    client,
  };
}

/** Its share of the limits that all workers have together. */
export function shareOf({ workers, clientsStay = false }: ProxyOptions): WorkerShare {
  return { workers, clientsStay };
}

/** The name of a frontend for operators: its own one, or its address. */
export function nameOf({ name, ...address }: ProxyFrontend): string {
  return name ?? formatSocketAddress(address);
}
