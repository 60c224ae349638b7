/** A listener of the engine under test, and what the contract's tests do with it. */

import { Cancellation } from "../../src/runtime/cancellation.ts";
import type { PeerError } from "../../src/errors.ts";
import { type Abortable, Aborter } from "../../src/proxy/aborter.ts";
import type { Duplex, Stream } from "../../src/runtime/runtime.ts";
import type { PendingClient, SecureClient, TlsListener } from "../../src/tls/engine.ts";
import { makeSelfSigned } from "../../src/x509/self_signed.ts";
import type { TlsConfiguration } from "../../src/tls/tls_configuration.ts";
import { closeQuietly, writeAll } from "../support/backend.ts";
import { within } from "../support/eventually.ts";
import { TLS_CONFIGURATION } from "../support/tls_configuration.ts";
import { platform } from "#contract-platform";
import type { EngineUnderTest, TlsClient } from "./platform.ts";
import { Wire } from "./wire.ts";
import { SOCKETS } from "../support/socket_settings.ts";

let pem: Promise<string> | undefined;

/** PEM text of a certificate for 127.0.0.1 and its key. Made once per test run. */
export function madePem(): Promise<string> {
  return pem ??= makeSelfSigned("localhost", new Date());
}

/** What an engine is told to serve one certificate, with defaults for everything else. */
export function configurationOf(pem: string): TlsConfiguration {
  const key = pem.indexOf("-----BEGIN PRIVATE KEY-----");
  const served = { certificateChain: pem.slice(0, key), privateKey: pem.slice(key) };
  return {
    ...TLS_CONFIGURATION,
    certificates: [{ ...served, source: "test.pem", names: ["localhost"], keyType: "ec" }],
  };
}

/** Declares a test of each engine, with a listener of its own. */
export function contract(
  what: string,
  run: (site: EngineSite) => Promise<void> | void,
): void {
  for (const under of platform.engines) {
    platform.test(`${under.name}: ${what}`, async () => {
      await using site = await EngineSite.open(under);
      await run(site);
    });
  }
}

/** A client, and the server's end of its connection. */
export interface EnginePair {
  readonly client: TlsClient;
  readonly server: Duplex;
  /** As it was before the handshake. */
  readonly accepted: PendingClient;
  readonly secure: SecureClient;
}

/** Use it with `await using`: everything opened through it is closed with it. */
export class EngineSite implements AsyncDisposable {
  readonly under: EngineUnderTest;
  readonly listener: TlsListener;
  readonly configuration: TlsConfiguration;
  readonly #open = new Set<{ close(): void }>();

  private constructor(
    under: EngineUnderTest,
    listener: TlsListener,
    configuration: TlsConfiguration,
  ) {
    this.under = under;
    this.listener = listener;
    this.configuration = configuration;
  }

  /** A listener that serves one certificate, or by this configuration. */
  static async open(under: EngineUnderTest, wanted?: TlsConfiguration): Promise<EngineSite> {
    const configuration = wanted ?? configurationOf(await madePem());
    const listener = await (await under.make(configuration)).listen({
      address: { host: "127.0.0.1", port: 0 },
      reusePort: false,
      sockets: SOCKETS,
    });
    return new EngineSite(under, listener, configuration);
  }

  get port(): number {
    return this.listener.address.port;
  }

  /** The next connection, before its handshake. */
  async accept(): Promise<PendingClient> {
    const connection = await within(10_000, "a connection", this.listener.accept());
    this.#open.add(connection);
    return connection;
  }

  /** A raw TCP client that has sent these octets. */
  async connectRaw(bytes: Uint8Array): Promise<Stream> {
    const endpoint = { kind: "tcp", host: "127.0.0.1", port: this.port } as const;
    const stream = await this.under.runtime.network.dial(endpoint, new Cancellation());
    this.#open.add(stream);
    await writeAll(stream, bytes);
    return stream;
  }

  /** Both ends of a connection whose handshake is done, and what the server knows of it. */
  async pair(port = this.port): Promise<EnginePair> {
    const { certificateChain } = this.configuration.certificates[0]!;
    const connecting = platform.connectTls(port, certificateChain);
    connecting.catch(() => {});
    const accepted = await this.accept();
    const secure = await within(10_000, "the handshake", accepted.handshake());
    const client = await connecting;
    this.#open.add(client);
    return { client, server: secure.stream, accepted, secure };
  }

  /** A wire to the listener; see {@linkcode Wire}. */
  wire(options?: { readonly chop: boolean }): Promise<Wire> {
    return Wire.open(this.under.runtime.network, this.port, options);
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
      return this.under.runtime.network.peerError(error, "client");
    }
    throw new Error("no error");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#open) closeQuietly(each);
    this.listener.close();
    // An event loop of our own then has nothing more to do, and rests.
    await this.under.runtime.clock.turn();
  }
}
