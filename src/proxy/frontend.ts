/** A listening socket and the clients it has accepted. It accepts clients, serves them and drains. */

import { PeerError } from "../errors.ts";
import { pause, type SocketAddress } from "../runtime/runtime.ts";
import type {
  Client,
  PendingClient,
  TlsEngine,
  TlsListener,
  TlsListenerOptions,
} from "../tls/engine.ts";
import { CLIENT_LIMIT, DESCRIPTORS, type FrontendSlots, tooManyOf } from "./admission.ts";
import type { FrontendCounts } from "./frontend_counts.ts";
import { type ConnectionServices, serveConnection } from "./connection.ts";
import type { FaultSite } from "./handshake_failures.ts";
import type { AdmittedConnection, Arrival, Shortage } from "./slots.ts";

/** What the addresses of one name share. */
export interface FrontendShares {
  readonly slots: FrontendSlots;
  readonly counts: FrontendCounts;
}

/** Options for opening a frontend. */
export interface FrontendOptions extends FrontendShares {
  readonly listener: TlsListener;
  readonly engine: TlsEngine;
  /** The requested address; its port may be 0. */
  readonly address: SocketAddress;
  /** The names of its listening sockets, on platforms that have such names. */
  readonly sockets: readonly string[];
}

/** Serves the clients of one listening socket. */
export class Frontend implements FaultSite {
  readonly #listener: TlsListener;
  readonly #sockets: readonly string[];
  /** As the operator wrote it. */
  name = "";
  /** The address it was opened for. */
  readonly wanted: SocketAddress;
  #engine: TlsEngine;
  #services: ConnectionServices;
  #slots: FrontendSlots;
  #counts: FrontendCounts;
  readonly #clients = new Map<PendingClient, AdmittedConnection>();
  #accepted = 0;
  /** Accepts the clients left in the kernel's queue before it closes. */
  #emptying = false;
  #closed = false;
  #loop: Promise<void> | undefined;
  #onEmpty: (() => void)[] = [];

  constructor(options: FrontendOptions, services: ConnectionServices) {
    const { listener, engine, address, sockets, slots, counts } = options;
    this.#listener = listener;
    this.#engine = engine;
    this.#sockets = sockets;
    this.#services = services;
    this.#slots = slots;
    this.#counts = counts;
    this.wanted = address;
  }

  /** Opens a frontend. Rejects with {@linkcode StartupError}. */
  static async listen(
    engine: TlsEngine,
    options: TlsListenerOptions,
    services: ConnectionServices,
    shares: FrontendShares,
  ): Promise<Frontend> {
    const { address } = options;
    const { kernel } = services.runtime;
    const others = kernel?.listeners(address) ?? [];
    const listener = await engine.listen(options);
    const all = kernel?.listeners(listener.address) ?? [];
    const sockets = all.filter((name) => !others.includes(name));
    return new Frontend({ listener, engine, address, sockets, ...shares }, services);
  }

  /**
   * Checks whether another engine can serve new clients on the existing socket. If so, it resolves with the
   * function that switches to that engine, otherwise with undefined. Rejects with {@linkcode StartupError}.
   */
  async serveBy(engine: TlsEngine): Promise<(() => void) | undefined> {
    if (engine === this.#engine) return () => {};
    const adopt = await engine.adopt(this.#listener);
    return adopt && (() => {
      adopt();
      this.#engine = engine;
    });
  }

  /** Serves new clients with these services and limits. Existing connections count for their client from now on. */
  use(services: ConnectionServices, { slots, counts }: FrontendShares): void {
    this.#services = services;
    this.#slots = slots;
    this.#counts = counts;
    if (!services.admission.countsClients(slots)) return;
    for (const [client, admitted] of this.#clients) {
      const host = this.#hostOf(client);
      if (host !== undefined) admitted.countFor(host);
    }
  }

  /** What it shares with the other addresses of its name. */
  get shares(): FrontendShares {
    return { slots: this.#slots, counts: this.#counts };
  }

  /** Its clients, the oldest first, each with its connection as it was admitted. */
  get clients(): ReadonlyMap<Client, AdmittedConnection> {
    return this.#clients;
  }

  /** Resets a client because the operator wants that. */
  disconnect(client: Client): void {
    const admitted = this.#clients.get(client as PendingClient);
    if (admitted === undefined) return;
    admitted.fate ??= "disconnected";
    if (admitted.relay !== undefined) admitted.relay.disconnect();
    else this.#services.aborter.abort(client as PendingClient, "now");
  }

  /** What it serves new clients with. */
  get terms(): FaultSite["terms"] {
    return this.#engine.terms;
  }

  /** The engine that serves new clients. */
  get engine(): TlsEngine {
    return this.#engine;
  }

  get address() {
    return this.#listener.address;
  }

  /** Accepts clients until {@linkcode stopAccepting}. A fault of one client never ends the loop. */
  serve(): Promise<void> {
    return this.#loop ??= this.#acceptAll();
  }

  async #acceptAll(): Promise<void> {
    // A client that waits here instead of in the kernel's queue: its room was gone when it came.
    let held: PendingClient | undefined;
    while (!this.#closed || held !== undefined) {
      const { clock } = this.#services.runtime;
      try {
        // Clients beyond the limits wait in the kernel's queue, and so do clients for which no backend connection
        // could be opened.
        for (let shortage = this.#shortage; shortage !== undefined; shortage = this.#shortage) {
          if (shortage.rule.name === DESCRIPTORS) this.#services.onShortage(tooMany());
          await this.#services.admission.change(shortage);
        }
        if (held === undefined) {
          held = await this.#listener.accept();
          // Meanwhile another frontend has taken the room, or the handshake that was to make way is done.
          if (this.#shortage !== undefined) continue;
        }
        const client = held;
        held = undefined;
        this.#begin(client);
        // While clients are queued, accept() never waits, and the clients inside must get their turns too.
        if (this.#arrival === "asked" && !this.#listener.acceptsInTurn) await clock.turn();
      } catch (error) {
        if (!this.#closed) await this.#rest(error);
      }
    }
  }

  /**
   * Accepts the clients that are already waiting, then closes the listening socket. `successors`: other processes
   * listen on the address and get its new connections by now. It then waits for clients whose packets are still on
   * the way.
   */
  async stopAccepting(successors = false): Promise<void> {
    const { clock, kernel } = this.#services.runtime;
    // A client that the kernel holds back until it sends data is not visible in the queue, and would be reset.
    kernel?.acceptSilent(this.#sockets);
    if (successors) await pause(clock, PACKETS_UNDER_WAY);
    try {
      kernel?.ignoreNewConnections(this.#sockets);
    } catch {
      // Newer kernels require a capability. Without the filter, clients that connect in the last milliseconds are reset,
      // unless new connections are kept away already (fleet/handover.ts).
    }
    // Closing a listening socket resets the clients in its queue. So let the loop empty the queue first, no matter
    // how many handshakes are in progress.
    this.#emptying = true;
    this.#services.admission.wake();
    for (let round = 0, before = -1; this.#mayBeMore(round, before); round++) {
      before = this.#accepted;
      await pause(clock, QUEUE_PERIOD);
    }
    this.close();
    // The socket is released only when nothing waits on it.
    await this.#loop;
  }

  /**
   * Whether clients may be left in the kernel's queue after `round` rounds, the last of which began with `before`
   * accepted clients.
   */
  #mayBeMore(round: number, before: number): boolean {
    // On a busy machine a round may pass without a new client although some are waiting.
    if ((this.#listener.waiting?.() ?? 0) > 0) return round < BUSY_ROUNDS;
    return round < QUEUE_ROUNDS && before !== this.#accepted;
  }

  /** Closes the listening socket at once; existing connections continue. */
  close(): void {
    this.#closed = true;
    this.#listener.close();
    this.#services.admission.wake();
  }

  /** Resolves when no client is left. */
  drained(): Promise<void> {
    if (this.#clients.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  /** Resets all remaining clients. */
  abortAll(): void {
    for (const client of this.#clients.keys()) this.#services.aborter.abort(client, "now");
  }

  /** Why no client can be accepted now. */
  get #shortage(): Shortage | undefined {
    if (this.#closed) return undefined;
    return this.#services.admission.shortage(this.#slots, this.#arrival);
  }

  get #arrival(): Arrival {
    return this.#emptying ? "last" : this.#listener.acceptsUnasked === true ? "unasked" : "asked";
  }

  #begin(client: PendingClient): void {
    const { counters, admission, departures } = this.#services;
    const counts = this.#counts;
    const admitted = admission.enter(this.#slots);
    if (!this.#takeFor(client, admitted)) return;
    this.#accepted++;
    counters.accepted++;
    counters.active++;
    counts.accepted.value++;
    counts.active.value++;
    this.#services.onAccept?.();
    this.#clients.set(client, admitted);
    serveConnection(client, this.#services, admitted, this, counts).then(() => {
      departures.ended(--counters.active);
      counts.active.value--;
      this.#clients.delete(client);
      admission.leave(admitted);
      if (this.#clients.size > 0) return;
      for (const resolve of this.#onEmpty.splice(0)) resolve();
    });
    admission.makeWay(this.#slots, this.#arrival);
  }

  /** Counts a connection for its client, or ends it at once, before anything is read from it or sent to it. */
  #takeFor(client: PendingClient, admitted: AdmittedConnection): boolean {
    const { admission, counters, takesProxyHeader } = this.#services;
    if (takesProxyHeader || !admission.countsClients(this.#slots)) return true;
    const rule = admitted.takeFor(client.pair.peer.host);
    if (rule === undefined) return true;
    counters.refused++;
    this.#counts.refused(CLIENT_LIMIT);
    this.#services.onFault(tooManyOf(rule), client, this);
    admission.leave(admitted);
    client.reset();
    client.close();
    return false;
  }

  /** The address that a client counts for, if known. */
  #hostOf(client: Client): string | undefined {
    if (this.#services.takesProxyHeader) return client.clientInHeader?.host;
    return client.pair.peer.host;
  }

  /** Waits until descriptors may be free again. Also keeps any other failure from making the loop spin. */
  async #rest(error: unknown): Promise<void> {
    const shortage = error instanceof PeerError && error.kind === "resources";
    if (shortage) this.#services.onShortage(error);
    const isOver = !shortage || this.#services.admission.makeDescriptor();
    await pause(this.#services.runtime.clock, isOver ? FAILURE_PERIOD : SHORTAGE_PERIOD);
  }
}

function tooMany(): PeerError {
  return new PeerError("client", "resources", "connection limit (RLIMIT_NOFILE) reached");
}

/**
 * Milliseconds until every new connection is in the queue: its three packets are through, and if it was held back
 * because it sent nothing, the kernel has asked it again, after a second and the inaccuracy of the kernel's timers.
 */
const PACKETS_UNDER_WAY = 1_200;
/** Milliseconds without a new client after which the queue counts as empty. */
const QUEUE_PERIOD = 10;
/** Max rounds: under a constant stream of clients the queue never becomes empty. */
const QUEUE_ROUNDS = 10;
/** Max rounds while the kernel reports waiting clients: three seconds. */
const BUSY_ROUNDS = 300;
/** Milliseconds to wait when descriptors have run out. */
const SHORTAGE_PERIOD = 100;
/** Milliseconds to wait when a client left before it was accepted, or was ended to make room for another. */
const FAILURE_PERIOD = 1;
