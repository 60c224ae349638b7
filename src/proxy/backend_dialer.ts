/**
 * Connects to the backend under a deadline, which counts for all addresses together if a name had several.
 */

import { Abandonment } from "../abandonment.ts";
import { PeerError } from "../errors.ts";
import type { Endpoint, Runtime, Stream } from "../runtime/runtime.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";
import type { AccessRecord } from "./access_log.ts";
import { DeadlineQueue } from "./deadline_queue.ts";
import { DialError, type DialFault, StaggeredDialer } from "./staggered_dialer.ts";

/** Connects to the backend of a worker. */
export class BackendDialer {
  readonly #runtime: Runtime;
  readonly #deadlines: DeadlineQueue;
  #timeout: number;
  /** The only address, or what chooses among several. */
  #backend: Endpoint | StaggeredDialer;
  #abandoned = false;

  /** `timeout` in milliseconds, for all endpoints together. */
  constructor(runtime: Runtime, endpoints: readonly Endpoint[], timeout: number) {
    this.#runtime = runtime;
    this.#timeout = timeout;
    this.#deadlines = new DeadlineQueue(runtime.clock, timeout);
    this.#backend = backendOf(runtime, endpoints);
  }

  /** Connects to these addresses from now on, in that time; what is under way goes on. */
  use(endpoints: readonly Endpoint[], timeout = this.#timeout): void {
    this.#backend = backendOf(this.#runtime, endpoints);
    this.#timeout = timeout;
    this.#deadlines.use(timeout);
  }

  /**
   * Rejects with a {@linkcode PeerError} of the backend that names the addresses tried. The record is told which
   * one it is connected to.
   */
  async dial(record?: Pick<AccessRecord, "connected">): Promise<Stream> {
    const abandonment = new Abandonment();
    const deadline = this.#deadlines.begin(() => abandonment.give());
    const backend = this.#backend;
    try {
      const stream = backend instanceof StaggeredDialer
        ? await backend.dial(abandonment)
        : await this.#runtime.network.dial(backend, abandonment);
      if (record !== undefined) record.connected(connectedTo(stream, backend));
      return stream;
    } catch (error) {
      if (error instanceof DialError) throw this.#faultOfAll(error);
      throw this.#fault({ endpoint: backend as Endpoint, error, givenUp: deadline.expired });
    } finally {
      deadline.lift();
    }
  }

  /** Gives up every connection that is not there yet. */
  abandonAll(): void {
    this.#abandoned = true;
    this.#deadlines.expireAll();
  }

  #faultOfAll({ faults }: DialError): PeerError {
    const all = faults.map((fault) => this.#fault(fault));
    const last = all.at(-1) ?? new PeerError("backend", "other", "no backend address");
    if (all.length === 0) return last;
    const more = all.length > MOST_NAMED ? [`${all.length - MOST_NAMED} more addresses`] : [];
    const reasons = [...all.slice(0, MOST_NAMED).map(({ message }) => message), ...more];
    return new PeerError("backend", last.kind, reasons.join("; "), { cause: last.cause });
  }

  #fault({ endpoint, error, givenUp }: DialFault): PeerError {
    const where = endpoint.kind === "unix" ? endpoint.path : formatSocketAddress(endpoint);
    const native = this.#runtime.network.peerError(error, "backend");
    return givenUp
      ? new PeerError(
        "backend",
        "timeout",
        this.#abandoned
          ? `${where}: no connection before the drain timeout`
          : `${where}: no connection within ${this.#timeout / 1000} s`,
        {
          cause: error,
        },
      )
      : new PeerError("backend", native.kind, `${where}: ${native.message}`, { cause: error });
  }
}

function backendOf(runtime: Runtime, endpoints: readonly Endpoint[]): Endpoint | StaggeredDialer {
  const [only] = endpoints;
  return only !== undefined && endpoints.length === 1
    ? only
    : new StaggeredDialer(runtime, endpoints);
}

/** A name may have very many addresses, and a log line should not. */
const MOST_NAMED = 3;

function connectedTo({ pair }: Stream, backend: Endpoint | StaggeredDialer): Endpoint | undefined {
  if (!(backend instanceof StaggeredDialer)) return backend;
  // Several addresses are never those of unix sockets.
  return pair && { kind: "tcp", ...pair.peer };
}
