/**
 * Connects to the backend under a deadline, and where TLS goes to it, completes the handshake under the same. A
 * name that had several addresses is tried in their order, all under one deadline.
 */

import { Abandonment } from "../abandonment.ts";
import { PeerError } from "../errors.ts";
import type { Endpoint, Runtime, Stream } from "../runtime/runtime.ts";
import { type BackendConnection, endpointText, type TlsDialer } from "../tls/dialer.ts";
import type { Aborter } from "./aborter.ts";
import { DeadlineQueue } from "./deadline_queue.ts";

/** How a backend is dialled. */
export interface DialingOptions {
  /** Milliseconds, for all endpoints together. */
  readonly timeout: number;
  readonly aborter: Aborter;
  /** Undefined: the backend is sent plaintext. */
  readonly tls?: TlsDialer | undefined;
}

/** Connects to the backend of a worker. */
export class BackendDialer {
  readonly #runtime: Runtime;
  readonly #endpoints: readonly Endpoint[];
  readonly #options: DialingOptions;
  readonly #deadlines: DeadlineQueue;
  #abandoned = false;

  constructor(runtime: Runtime, endpoints: readonly Endpoint[], options: DialingOptions) {
    this.#runtime = runtime;
    this.#endpoints = endpoints;
    this.#options = options;
    this.#deadlines = new DeadlineQueue(runtime.clock, options.timeout);
  }

  /** Rejects with a {@linkcode PeerError} of the backend that names the last endpoint tried. */
  async dial(): Promise<Stream> {
    const abandonment = new Abandonment();
    const deadline = this.#deadlines.begin(() => abandonment.give());
    let fault: PeerError | undefined;
    try {
      for (const endpoint of this.#endpoints) {
        try {
          return await this.#connect(endpoint, abandonment);
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

  async #connect(endpoint: Endpoint, abandonment: Abandonment): Promise<Stream> {
    const { tls } = this.#options;
    if (tls === undefined) return await this.#runtime.network.dial(endpoint, abandonment);
    return await this.#shakeHands(await tls.dial(endpoint, abandonment), abandonment);
  }

  async #shakeHands(stream: BackendConnection, abandonment: Abandonment): Promise<Stream> {
    const { aborter } = this.#options;
    let aborting: Promise<void> | undefined;
    const abandon = () => aborting = aborter.abort(stream, "now");
    abandonment.onGiven = abandon;
    try {
      if (abandonment.given) abandon();
      await stream.handshake();
      if (!abandonment.given) return stream;
      throw new PeerError("backend", "timeout", "ready too late");
    } catch (error) {
      // Closed before its reset is done, it might stay open for as long as the backend likes.
      await aborting;
      stream.close();
      throw error;
    } finally {
      abandonment.onGiven = undefined;
    }
  }

  #fault(error: unknown, endpoint: Endpoint, expired: boolean): PeerError {
    const where = endpointText(endpoint);
    const native = this.#runtime.network.peerError(error, "backend");
    if (!expired) {
      return new PeerError("backend", native.kind, `${where}: ${native.message}`, { cause: error });
    }
    const what = this.#options.tls === undefined ? "no connection" : "no TLS connection";
    const limit = this.#abandoned
      ? "before the drain timeout"
      : `within ${this.#options.timeout / 1000} s`;
    return new PeerError("backend", "timeout", `${where}: ${what} ${limit}`, { cause: error });
  }
}
