/**
 * Connects to the backend within a deadline. The deadline covers all addresses of a name together and, if the
 * backend speaks TLS, the handshake too.
 */

import { Cancellation } from "../runtime/cancellation.ts";
import { PeerError } from "../errors.ts";
import { counted } from "../counted.ts";
import type { Registry } from "../metrics/registry.ts";
import type { Endpoint, Runtime, Stream } from "../runtime/runtime.ts";
import { endpointText, type PendingBackend, type TlsDialer } from "../tls/dialer.ts";
import type { AccessRecord } from "./access_log.ts";
import { BackendCounts, type BackendFailure } from "./backend_counts.ts";
import type { Aborter } from "./aborter.ts";
import { DeadlineQueue } from "./deadline_queue.ts";
import { type Dial, DialError, type DialFault, StaggeredDialer } from "./staggered_dialer.ts";

/** How to dial a backend. */
export interface DialingOptions {
  /** Milliseconds, for all endpoints together. */
  readonly timeout: number;
  readonly aborter: Aborter;
  /** Where each address is counted. */
  readonly metrics: Registry;
  /** Undefined: the backend receives plaintext. */
  readonly tls?: TlsDialer | undefined;
}

type Connected = Pick<AccessRecord, "connected">;

/** The connection for which the backend is dialled. */
interface Dialling {
  /** Gets the backend once it is connected. */
  backend: { readonly address: string } | undefined;
}

/** Connects to the backend of a worker. */
export class BackendDialer {
  readonly #runtime: Runtime;
  readonly #aborter: Aborter;
  readonly #deadlines: DeadlineQueue;
  readonly #metrics: Registry;
  /** By address. */
  readonly #counts = new Map<string, BackendCounts>();
  #timeout: number;
  #tls: TlsDialer | undefined;
  /** The only address, or a dialer that chooses among several. */
  #backend: Endpoint | StaggeredDialer;
  /** Of the only address; undefined if there are several. */
  #onlyCounts: BackendCounts | undefined;
  #cancelled = false;

  constructor(runtime: Runtime, endpoints: readonly Endpoint[], options: DialingOptions) {
    this.#runtime = runtime;
    this.#aborter = options.aborter;
    this.#metrics = options.metrics;
    this.#timeout = options.timeout;
    this.#tls = options.tls;
    this.#deadlines = new DeadlineQueue(runtime.clock, options.timeout);
    this.#backend = this.#backendOf(endpoints);
  }

  /** Connects to these addresses from now on; connections in progress continue. */
  use(endpoints: readonly Endpoint[]): void {
    this.#backend = this.#backendOf(endpoints);
  }

  /** Uses this timeout and TLS dialer from now on. */
  change({ timeout, tls }: Pick<DialingOptions, "timeout" | "tls">): void {
    this.#timeout = timeout;
    this.#tls = tls;
    this.#deadlines.use(timeout);
  }

  /**
   * Connects; synchronously if nothing needs to be waited for. Throws or rejects with a {@linkcode PeerError} of
   * the backend that names the addresses tried. The slot and the record receive the address connected to.
   */
  dial(admitted: Dialling, record?: Connected): Stream | Promise<Stream> {
    const backend = this.#backend;
    const { clock } = this.#runtime;
    if (backend instanceof StaggeredDialer || this.#tls !== undefined) {
      return this.#underDeadline(
        (cancellation) =>
          backend instanceof StaggeredDialer
            ? backend.dial(cancellation)
            : this.#connect(backend, cancellation),
        admitted,
        record,
      );
    }
    const counts = this.#onlyCounts!;
    const began = clock.now();
    const cancellation = new Cancellation();
    let stream: Stream | Promise<Stream>;
    try {
      stream = this.#runtime.network.dial(backend, cancellation);
    } catch (error) {
      this.#failed(counts, error);
      throw this.#fault({ endpoint: backend, error, givenUp: false });
    }
    if (stream instanceof Promise) {
      const dialling = stream;
      return this.#underDeadline(() => dialling, admitted, record, cancellation);
    }
    counts.connected(clock.now() - began);
    admitted.backend = counts;
    record?.connected(backend);
    return stream;
  }

  async #underDeadline(
    begin: (cancellation: Cancellation) => Stream | Promise<Stream>,
    admitted: Dialling,
    record: Connected | undefined,
    cancellation = new Cancellation(),
  ): Promise<Stream> {
    const deadline = this.#deadlines.begin(() => cancellation.cancel());
    const backend = this.#backend;
    const counts = this.#onlyCounts;
    try {
      const stream = await begin(cancellation);
      counts?.connected(this.#runtime.clock.now() - deadline.began);
      const endpoint = connectedTo(stream, backend);
      if (endpoint !== undefined) admitted.backend = counts ?? this.#countsOf(endpoint);
      record?.connected(endpoint);
      return stream;
    } catch (error) {
      if (error instanceof DialError) throw this.#faultOfAll(error);
      if (counts !== undefined) this.#failed(counts, error, cancellation);
      throw this.#fault({ endpoint: backend as Endpoint, error, givenUp: deadline.expired });
    } finally {
      deadline.lift();
    }
  }

  /** The last failure of each address that has failed, the latest first. */
  get failures(): BackendFailure[] {
    return [...this.#counts.values()].flatMap(({ lastFailure }) => lastFailure ?? [])
      .toSorted((one, other) => one.time < other.time ? 1 : -1);
  }

  /** Cancels every connection that is not yet established. */
  cancelAll(): void {
    this.#cancelled = true;
    this.#deadlines.expireAll();
  }

  #backendOf(endpoints: readonly Endpoint[]): Endpoint | StaggeredDialer {
    const [only] = endpoints;
    this.#onlyCounts = undefined;
    if (only !== undefined && endpoints.length === 1) {
      this.#onlyCounts = this.#countsOf(only);
      return only;
    }
    const dial: Dial = (endpoint, cancellation) => this.#counted(endpoint, cancellation);
    return new StaggeredDialer(this.#runtime, endpoints, dial);
  }

  /** Connects to one of several addresses and counts how that ends. */
  async #counted(endpoint: Endpoint, cancellation: Cancellation): Promise<Stream> {
    const { clock } = this.#runtime;
    const began = clock.now();
    const counts = this.#countsOf(endpoint);
    try {
      const stream = await this.#connect(endpoint, cancellation);
      counts.connected(clock.now() - began);
      return stream;
    } catch (error) {
      this.#failed(counts, error, cancellation);
      throw error;
    }
  }

  /** An attempt that another address has overtaken has not failed. */
  #failed(counts: BackendCounts, error: unknown, cancellation?: Cancellation): void {
    if (cancellation?.cancelled === true) return;
    const { kind, message } = this.#runtime.network.peerError(error, "backend");
    counts.failed(kind, message, this.#runtime.clock.date());
  }

  #countsOf(endpoint: Endpoint): BackendCounts {
    const address = endpointText(endpoint);
    let counts = this.#counts.get(address);
    if (counts === undefined) {
      counts = new BackendCounts(this.#metrics, address);
      this.#counts.set(address, counts);
    }
    return counts;
  }

  #connect(endpoint: Endpoint, cancellation: Cancellation): Stream | Promise<Stream> {
    const tls = this.#tls;
    if (tls === undefined) return this.#runtime.network.dial(endpoint, cancellation);
    return tls.dial(endpoint, cancellation).then((pending) =>
      this.#handshake(pending, cancellation)
    );
  }

  async #handshake(pending: PendingBackend, cancellation: Cancellation): Promise<Stream> {
    let aborting: Promise<void> | undefined;
    const cancel = () => aborting = this.#aborter.abort(pending, "now");
    cancellation.onCancel = cancel;
    try {
      if (cancellation.cancelled) cancel();
      const stream = await pending.handshake();
      if (!cancellation.cancelled) return stream;
      throw new PeerError("backend", "timeout", "ready after its deadline");
    } catch (error) {
      // If closed before its reset is done, it might stay open for as long as the backend likes.
      await aborting;
      pending.close();
      throw error;
    } finally {
      cancellation.onCancel = undefined;
    }
  }

  #faultOfAll({ faults }: DialError): PeerError {
    const all = faults.map((fault) => this.#fault(fault));
    const last = all.at(-1) ?? new PeerError("backend", "other", "the backend has no address");
    if (all.length === 0) return last;
    const more = all.length > MAX_NAMED
      ? [counted(all.length - MAX_NAMED, "more address", "more addresses")]
      : [];
    const reasons = [...all.slice(0, MAX_NAMED).map(({ message }) => message), ...more];
    return new PeerError("backend", last.kind, reasons.join("; "), { cause: last.cause });
  }

  #fault({ endpoint, error, givenUp }: DialFault): PeerError {
    const where = endpointText(endpoint);
    const native = this.#runtime.network.peerError(error, "backend");
    if (!givenUp) {
      return new PeerError("backend", native.kind, `${where}: ${native.message}`, { cause: error });
    }
    const what = this.#tls === undefined ? "no connection" : "no TLS connection";
    const limit = this.#cancelled ? "before the drain timeout" : `within ${this.#timeout / 1000} s`;
    const reason = `${what} ${limit}`;
    if (!this.#cancelled) {
      this.#countsOf(endpoint).failed("timeout", reason, this.#runtime.clock.date());
    }
    return new PeerError("backend", "timeout", `${where}: ${reason}`, { cause: error });
  }
}

/** A name may have very many addresses; a log line should list only a few. */
const MAX_NAMED = 3;

function connectedTo({ pair }: Stream, backend: Endpoint | StaggeredDialer): Endpoint | undefined {
  if (!(backend instanceof StaggeredDialer)) return backend;
  // A group of several addresses never contains unix sockets.
  return pair && { kind: "tcp", ...pair.peer };
}
