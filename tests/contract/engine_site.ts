/** A listener of the engine under test, and what the contract's tests do with it. */

import type { PeerError } from "../../src/errors.ts";
import type { TlsConnection, TlsListener } from "../../src/tls/engine.ts";
import type { TlsConfiguration } from "../../src/tls/tls_configuration.ts";
import { closeQuietly } from "../support/backend.ts";
import { type PemFile, temporaryPem } from "../support/certificates.ts";
import { within } from "../support/eventually.ts";
import { TLS_CONFIGURATION } from "../support/tls_configuration.ts";
import { connectTls } from "../support/tls_client.ts";
import type { EngineUnderTest } from "./engines.ts";

/** What an engine is told to serve one certificate, with defaults for everything else. */
export function configurationOf(pem: PemFile): TlsConfiguration {
  const { certificate, text } = pem;
  const privateKey = text.slice(text.indexOf("-----BEGIN PRIVATE KEY-----"));
  const served = { source: pem.path, certificateChain: certificate, privateKey };
  return {
    ...TLS_CONFIGURATION,
    certificates: [{ ...served, names: ["localhost"], keyType: "ec" }],
  };
}

/** Use it with `await using`: everything opened through it is closed with it. */
export class EngineSite implements AsyncDisposable {
  readonly listener: TlsListener;
  readonly pem: PemFile;
  readonly #under: EngineUnderTest;
  readonly #open = new Set<{ close(): void }>();

  private constructor(under: EngineUnderTest, listener: TlsListener, pem: PemFile) {
    this.#under = under;
    this.listener = listener;
    this.pem = pem;
  }

  static async open(under: EngineUnderTest): Promise<EngineSite> {
    const pem = await temporaryPem();
    const listener = await under.make(configurationOf(pem)).listen({
      address: { host: "127.0.0.1", port: 0 },
      reusePort: false,
      backlog: 100,
      keepalive: 3600,
    });
    return new EngineSite(under, listener, pem);
  }

  get port(): number {
    return this.listener.address.port;
  }

  /** The next connection, before its handshake. */
  async accept(): Promise<TlsConnection> {
    const connection = await within(10_000, "a connection", this.listener.accept());
    this.#open.add(connection);
    return connection;
  }

  /** A raw TCP client that has sent these octets. */
  async connectRaw(octets: Uint8Array): Promise<Deno.TcpConn> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    this.#open.add(conn);
    await conn.write(octets);
    return conn;
  }

  /** Both ends of a connection whose handshake is done. */
  async pair(port = this.port): Promise<{ client: Deno.TlsConn; server: TlsConnection }> {
    const connecting = connectTls(port, this.pem);
    connecting.catch(() => {});
    const server = await this.accept();
    await within(10_000, "the handshake", server.handshake());
    const client = await connecting;
    this.#open.add(client);
    return { client, server };
  }

  /** The error of a promise that must reject, as stud's own. */
  async fault(promise: Promise<unknown>): Promise<PeerError> {
    try {
      await within(10_000, "an error", promise);
    } catch (error) {
      return this.#under.runtime.network.peerError(error, "client");
    }
    throw new Error("no error");
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#open) closeQuietly(each);
    this.listener.close();
    this.pem[Symbol.dispose]();
    return Promise.resolve();
  }
}
