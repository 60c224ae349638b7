/** One client's TLS on Node: reads its hello, chooses the context, and leaves the rest to the library. */

import type { BufferPool } from "../../buffer_pool.ts";
import { PeerError } from "../../errors.ts";
import type { Network, SocketPair, TcpStream } from "../../runtime/runtime.ts";
import type { AcceptedStream, StreamTls } from "../../runtime/stream_tls.ts";
import type { ClientHello } from "../../wire/client_hello.ts";
import type { Negotiated, TlsConnection } from "../engine.ts";
import { negotiated } from "../negotiated.ts";
import { handshakeFault, recordFault } from "../openssl/handshake_reasons.ts";
import {
  INTERNAL_ERROR,
  plainAlert,
  readClientHello,
  UNRECOGNIZED_NAME,
} from "../plain_handshake.ts";
import type { NodeContexts } from "./contexts.ts";

/** What all connections of an engine share. */
export interface NodeServices {
  readonly contexts: NodeContexts;
  readonly library: StreamTls;
  readonly network: Pick<Network, "peerError">;
  readonly helloBuffers: BufferPool;
}

/** A connection; see {@linkcode TlsConnection}. */
export class NodeConnection implements TlsConnection {
  readonly #services: NodeServices;
  #stream: TcpStream | AcceptedStream;
  #tls: AcceptedStream | undefined;
  #agreed = false;
  serverName: string | undefined;

  constructor(stream: TcpStream, services: NodeServices) {
    this.#stream = stream;
    this.#services = services;
  }

  get pair(): SocketPair {
    return this.#stream.pair;
  }

  get negotiated(): Negotiated | undefined {
    return this.#agreed && this.#tls !== undefined ? negotiated(this.#tls.facts) : undefined;
  }

  async handshake(): Promise<void> {
    const { helloBuffers } = this.#services;
    const buffer = helloBuffers.take();
    try {
      const { verdict, octets } = await readClientHello(this.#stream, buffer);
      if (verdict.kind === "refused") await this.#refuse(verdict.alert, verdict.reason);
      else await this.#agree(verdict.hello, octets);
    } catch (error) {
      throw handshakeFault(error, this.#services.network);
    } finally {
      helloBuffers.give(buffer);
    }
  }

  lend(): Promise<Uint8Array | null> {
    return this.#open().lend!();
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#open().read(into);
  }

  write(octets: Uint8Array): number | Promise<number> {
    return this.#open().write(octets);
  }

  closeWrite(): Promise<void> {
    return this.#open().closeWrite();
  }

  reset(): void {
    this.#stream.reset!();
  }

  close(): void {
    this.#stream.close();
  }

  async #agree(hello: ClientHello, octets: Uint8Array): Promise<void> {
    this.serverName = hello.serverName;
    const context = await this.#choose(hello);
    const { library } = this.#services;
    this.#tls = library.accept(this.#stream as TcpStream, context, octets, recordFault);
    this.#stream = this.#tls;
    await this.#tls.handshake();
    this.#agreed = true;
  }

  async #choose(hello: ClientHello) {
    let context;
    try {
      context = this.#services.contexts.choose(hello);
    } catch (error) {
      // A certificate that nobody had asked for until now, and the library does not take it.
      return await this.#refuse(INTERNAL_ERROR, (error as Error).message);
    }
    if (context !== undefined) return context;
    return await this.#refuse(UNRECOGNIZED_NAME, "no certificate is for the name asked for");
  }

  /** Ends a handshake that the library never saw. */
  async #refuse(alert: number, reason: string): Promise<never> {
    await Promise.resolve(this.#stream.write(plainAlert(alert))).catch(() => {});
    throw new PeerError("client", "handshake", reason);
  }

  #open(): AcceptedStream {
    if (this.#tls !== undefined) return this.#tls;
    throw new PeerError("client", "gone", "no handshake yet");
  }
}
