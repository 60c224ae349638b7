/**
 * Connects to the backend under a deadline. A name that had several addresses is tried in their order, all
 * under the same deadline.
 */

import { Abandonment } from "../abandonment.ts";
import { PeerError } from "../errors.ts";
import type { Endpoint, Runtime, Stream } from "../runtime/runtime.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";
import { DeadlineQueue } from "./deadline_queue.ts";

/** Connects to the backend of a worker. */
export class BackendDialer {
  readonly #runtime: Runtime;
  #endpoints: readonly Endpoint[];
  readonly #deadlines: DeadlineQueue;
  #timeout: number;
  #abandoned = false;

  /** `timeout` in milliseconds, for all endpoints together. */
  constructor(runtime: Runtime, endpoints: readonly Endpoint[], timeout: number) {
    this.#runtime = runtime;
    this.#endpoints = endpoints;
    this.#timeout = timeout;
    this.#deadlines = new DeadlineQueue(runtime.clock, timeout);
  }

  /** Connects to other endpoints from now on, in another time. */
  use(endpoints: readonly Endpoint[], timeout: number): void {
    this.#endpoints = endpoints;
    this.#timeout = timeout;
    this.#deadlines.use(timeout);
  }

  /** Rejects with a {@linkcode PeerError} of the backend that names the last endpoint tried. */
  async dial(): Promise<Stream> {
    const abandonment = new Abandonment();
    const deadline = this.#deadlines.begin(() => abandonment.give());
    let fault: PeerError | undefined;
    try {
      for (const endpoint of this.#endpoints) {
        try {
          return await this.#runtime.network.dial(endpoint, abandonment);
        } catch (error) {
          fault = this.#fault(error, endpoint, deadline.expired);
          if (deadline.expired) break;
        }
      }
    } finally {
      deadline.lift();
    }
    throw fault ?? new PeerError("backend", "other", "no backend address");
  }

  /** Gives up every connection that is not there yet. */
  abandonAll(): void {
    this.#abandoned = true;
    this.#deadlines.expireAll();
  }

  #fault(error: unknown, endpoint: Endpoint, expired: boolean): PeerError {
    const where = endpoint.kind === "unix" ? endpoint.path : formatSocketAddress(endpoint);
    const native = this.#runtime.network.peerError(error, "backend");
    return expired
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
