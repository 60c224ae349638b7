/** A dialer of the engine under test, and a backend of the same engine that it connects to. */

import { Cancellation } from "../../src/runtime/cancellation.ts";
import type { PeerError } from "../../src/errors.ts";
import { type Abortable, Aborter } from "../../src/proxy/aborter.ts";
import type { Duplex, Stream, StreamListener } from "../../src/runtime/runtime.ts";
import type { PendingBackend } from "../../src/tls/dialer.ts";
import type { PendingClient, SecureClient, TlsListener } from "../../src/tls/engine.ts";
import type { BackendTls, TlsConfiguration } from "../../src/tls/tls_configuration.ts";
import { Authority, type Issued, type Order } from "../support/authority.ts";
import { closeQuietly } from "../support/backend.ts";
import { within } from "../support/eventually.ts";
import { TLS_CONFIGURATION } from "../support/tls_configuration.ts";
import { platform } from "#contract-platform";
import { configurationOf } from "./engine_site.ts";
import type { EngineUnderTest } from "./platform.ts";
import { SOCKETS } from "../support/socket_settings.ts";

/** Declares a test of each engine's dialer. */
export function dialerContract(what: string, run: (site: DialerSite) => Promise<void>): void {
  for (const under of platform.engines) {
    platform.test(`${under.name}, to a backend: ${what}`, async () => {
      await using site = new DialerSite(under, await authority());
      await run(site);
    });
  }
}

let made: Promise<Authority> | undefined;

function authority(): Promise<Authority> {
  return made ??= Authority.make();
}

/** A backend and a connection to it, both after the handshake. */
export interface DialledPair {
  readonly ours: Stream;
  readonly backend: Duplex;
}

/** Use it with `await using`: everything opened through it is closed with it. */
export class DialerSite implements AsyncDisposable {
  readonly under: EngineUnderTest;
  readonly authority: Authority;
  readonly #open = new Set<{ close(): void }>();

  constructor(under: EngineUnderTest, authority: Authority) {
    this.under = under;
    this.authority = authority;
  }

  /** A backend that serves a certificate: by default one for `localhost`. */
  async listen(
    order: Pick<Order, "names" | "commonName" | "serialNumber" | "days"> & { issuer?: Authority } =
      {},
    configuration: Partial<TlsConfiguration> = {},
  ): Promise<TlsListener> {
    const { names = ["localhost"], days = 90, issuer = this.authority, ...subject } = order;
    const { pem }: Issued = await issuer.issue({ names, days, ...subject });
    const engine = await this.under.make({ ...configurationOf(pem), ...configuration });
    const address = { host: "127.0.0.1", port: 0 };
    const listener = await engine.listen({
      address,
      reusePort: false,
      sockets: SOCKETS,
    });
    this.#open.add(listener);
    return listener;
  }

  /** A backend that knows nothing of TLS. */
  async listenRaw(): Promise<StreamListener> {
    const address = { host: "127.0.0.1", port: 0 };
    const listener = await this.under.runtime.network.listen({ ...address, reusePort: false });
    this.#open.add(listener);
    return listener;
  }

  /** Connects to a port of 127.0.0.1, and trusts the site's authority and `localhost` unless told otherwise. */
  async dial(
    port: number,
    backend: Partial<BackendTls> = {},
    configuration: Partial<TlsConfiguration> = {},
  ): Promise<PendingBackend> {
    const { certificate: authorities } = this.authority;
    const { dialer } = await this.under.make({
      ...TLS_CONFIGURATION,
      certificates: [],
      backend: { authorities, name: "localhost", verify: true, ...backend },
      ...configuration,
    });
    await dialer!.prepare();
    const endpoint = { kind: "tcp", host: "127.0.0.1", port } as const;
    const ours = await dialer!.dial(endpoint, new Cancellation());
    this.#open.add(ours);
    return ours;
  }

  /** Both ends of a connection whose handshake is done; the backend may be behind another port. */
  async pair(listener?: TlsListener, port?: number): Promise<DialledPair> {
    const listening = listener ?? await this.listen();
    const accepting = this.accept(listening);
    accepting.catch(() => {});
    const dialled = await this.dial(port ?? listening.address.port);
    const { ours, backend: { stream } } = await this.handshakes(dialled, accepting);
    return { ours, backend: stream };
  }

  /** Completes the handshake on both sides. */
  async handshakes(
    dialled: PendingBackend,
    accepting: Promise<PendingClient>,
  ): Promise<{ ours: Stream; backend: SecureClient }> {
    // Before the hello is there, the kernel may keep the connection to itself (TCP_DEFER_ACCEPT).
    const handshake = dialled.handshake();
    handshake.catch(() => {});
    const both = Promise.all([handshake, (await accepting).handshake()]);
    const [ours, backend] = await within(10_000, "the handshake", both);
    return { ours, backend };
  }

  /** The next connection at a backend. */
  async accept<Connection extends { close(): void }>(
    listener: { accept(): Promise<Connection> },
  ): Promise<Connection> {
    const connection = await within(10_000, "a connection", listener.accept());
    this.#open.add(connection);
    return connection;
  }

  /** Why a handshake with a backend fails. */
  async handshakeFault(listener: TlsListener, ours: PendingBackend): Promise<PeerError> {
    const fault = this.fault(ours.handshake());
    (await this.accept(listener)).handshake().catch(() => {});
    return await fault;
  }

  /** Sends RST at once, in the way that stud does it on this platform. */
  reset(connection: Abortable): Promise<void> {
    return new Aborter(this.under.runtime).abort(connection, "now");
  }

  /** The error of what must throw or reject, as stud's own. */
  async fault(failing: Promise<unknown> | (() => unknown)): Promise<PeerError> {
    try {
      await within(10_000, "an error", typeof failing === "function" ? failing() : failing);
    } catch (error) {
      return this.under.runtime.network.peerError(error, "backend");
    }
    throw new Error("no error");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#open) closeQuietly(each);
    // An event loop of our own then has nothing more to do, and rests.
    await this.under.runtime.clock.turn();
  }
}
