/** A listening socket and the clients it has accepted: accepts, hands over, drains. */

import { PeerError } from "../errors.ts";
import { pause } from "../runtime/runtime.ts";
import type { TlsConnection, TlsListener } from "../tls/engine.ts";
import { type ConnectionServices, serveConnection } from "./connection.ts";

/** Serves the clients of one listening socket. */
export class Frontend {
  readonly #listener: TlsListener;
  readonly #services: ConnectionServices;
  readonly #mostClients: number;
  readonly #clients = new Set<TlsConnection>();
  #accepted = 0;
  #closed = false;
  #loop: Promise<void> | undefined;
  #onEmpty: (() => void)[] = [];

  /** `mostClients` is for all frontends that share the services. */
  constructor(listener: TlsListener, services: ConnectionServices, mostClients = Infinity) {
    this.#listener = listener;
    this.#services = services;
    this.#mostClients = mostClients;
  }

  get address() {
    return this.#listener.address;
  }

  /** Accepts clients until {@linkcode stopAccepting}. A fault in one never ends the loop. */
  serve(): Promise<void> {
    return this.#loop ??= this.#acceptAll();
  }

  async #acceptAll(): Promise<void> {
    while (!this.#closed) {
      try {
        // Clients beyond what the backend can be dialled for wait in the kernel's queue.
        if (this.#services.counters.active >= this.#mostClients) throw tooMany();
        this.#begin(await this.#listener.accept());
      } catch (error) {
        if (!this.#closed) await this.#rest(error);
      }
    }
  }

  /** Takes the clients that wait already, then closes the listening socket. */
  async stopAccepting(): Promise<void> {
    // Closing a listening socket resets the clients in its queue, so let the loop empty it first.
    for (let round = 0, before = -1; round < QUEUE_ROUNDS && before !== this.#accepted; round++) {
      before = this.#accepted;
      await pause(this.#services.runtime.clock, QUEUE_PERIOD);
    }
    this.close();
    // The socket is gone only once nothing waits on it any more.
    await this.#loop;
  }

  /** Closes the listening socket at once; clients go on. */
  close(): void {
    this.#closed = true;
    this.#listener.close();
  }

  /** Resolves once no client is left. */
  drained(): Promise<void> {
    if (this.#clients.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  /** Resets every client that is left. */
  abortAll(): void {
    for (const client of this.#clients) this.#services.aborter.abort(client, "now");
  }

  #begin(client: TlsConnection): void {
    const { counters } = this.#services;
    this.#accepted++;
    counters.accepted++;
    counters.active++;
    this.#clients.add(client);
    serveConnection(client, this.#services).then(() => {
      counters.active--;
      this.#clients.delete(client);
      this.#services.onEnd?.(client);
      if (this.#clients.size > 0) return;
      for (const resolve of this.#onEmpty.splice(0)) resolve();
    });
  }

  /** Descriptors come back as connections end; and no failure, of whatever kind, may spin the loop. */
  async #rest(error: unknown): Promise<void> {
    const shortage = error instanceof PeerError && error.kind === "resources";
    if (shortage) this.#services.onShortage(error);
    await pause(this.#services.runtime.clock, shortage ? SHORTAGE_PERIOD : FAILURE_PERIOD);
  }
}

function tooMany(): PeerError {
  return new PeerError("client", "resources", "as many clients as there are file descriptors for");
}

/** Milliseconds without a new client after which the queue counts as empty. */
const QUEUE_PERIOD = 10;
/** Under a constant stream of clients the queue never is. */
const QUEUE_ROUNDS = 10;
/** Milliseconds to rest when descriptors have run out. */
const SHORTAGE_PERIOD = 100;
/** Milliseconds to rest when a client was gone before it was accepted. */
const FAILURE_PERIOD = 1;
