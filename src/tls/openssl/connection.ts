/** One client's TLS on OpenSSL: reads its hello, chooses its context, and tells why a handshake failed. */

import { PeerError } from "../../errors.ts";
import type { FormerTicketKeys } from "../../runtime/openssl.ts";
import type { Network, SocketAddress, SocketPair, TcpStream } from "../../runtime/runtime.ts";
import type { ClientHello } from "../../wire/client_hello.ts";
import type { Negotiated, OnHello, TlsConnection } from "../engine.ts";
import { negotiated } from "../negotiated.ts";
import {
  INTERNAL_ERROR,
  plainAlert,
  readClientHello,
  UNRECOGNIZED_NAME,
} from "../plain_handshake.ts";
import { readProxyHeader, type Source } from "../read_proxy_header.ts";
import type { Choice, Contexts } from "./contexts.ts";
import { handshakeFault, recordFault } from "./handshake_reasons.ts";
import { type SessionPeer, SessionStream, type SessionStreamServices } from "./session_stream.ts";

/** What all connections of an engine share. */
export interface OpenSslServices extends SessionStreamServices {
  readonly contexts: Contexts;
  readonly network: Pick<Network, "peerError">;
}

/** A connection; see {@linkcode TlsConnection}. */
export class OpenSslConnection implements TlsConnection {
  readonly #services: OpenSslServices;
  readonly #stream: TcpStream;
  /** Where its hello is read from. */
  #source: Source;
  readonly #secured: SessionStream;
  #agreed = false;
  serverName: string | undefined;
  #proxyHeader: Uint8Array | undefined;
  clientInHeader: SocketAddress | undefined;

  constructor(stream: TcpStream, services: OpenSslServices) {
    this.#stream = this.#source = stream;
    this.#services = services;
    this.#secured = new SessionStream(stream, services, CLIENT);
  }

  get pair(): SocketPair {
    return this.#stream.pair;
  }

  get negotiated(): Negotiated | undefined {
    const { session } = this.#secured;
    if (session === undefined || !this.#agreed) return undefined;
    return negotiated(session.facts);
  }

  async readProxyHeader(): Promise<void> {
    try {
      const { header, client, rest } = await readProxyHeader(this.#stream);
      this.#proxyHeader = header;
      this.clientInHeader = client;
      this.#source = rest;
    } catch (error) {
      throw handshakeFault(error, this.#services.network);
    }
  }

  takeProxyHeader(): Uint8Array | undefined {
    const header = this.#proxyHeader;
    this.#proxyHeader = undefined;
    return header;
  }

  async handshake(onHello?: OnHello): Promise<void> {
    const { small } = this.#services.buffers;
    let buffer = small.take();
    try {
      const hello = await readClientHello(this.#source, buffer);
      this.#source = this.#stream;
      this.#secured.checkOpen();
      const { verdict } = hello;
      buffer = hello.buffer;
      if (verdict.kind === "hello") onHello?.(hello.octets);
      if (verdict.kind === "refused") await this.#refuse(verdict.alert, verdict.reason);
      else await this.#agree(verdict.hello, buffer, hello.octets.length);
    } catch (error) {
      throw handshakeFault(error, this.#services.network);
    } finally {
      if (buffer.length === small.size) small.give(buffer);
    }
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#secured.read(into);
  }

  write(octets: Uint8Array): Promise<number> {
    return this.#secured.write(octets);
  }

  closeWrite(): Promise<void> {
    return this.#secured.closeWrite();
  }

  reset(): void {
    this.#secured.reset();
  }

  unsent(): number {
    return this.#secured.unsent();
  }

  close(): void {
    this.#secured.close();
  }

  /** Leads the handshake to its end, from the hello that the buffer begins with. */
  async #agree(hello: ClientHello, buffer: Uint8Array, length: number): Promise<void> {
    this.serverName = hello.serverName;
    const former = await this.#begin(hello);
    await this.#secured.shakeHands(buffer, length, former);
    this.#agreed = true;
  }

  /** Begins the session as soon as its context is chosen: others may free the context at any later time. */
  async #begin(hello: ClientHello): Promise<FormerTicketKeys | undefined> {
    let choice: Choice | undefined;
    try {
      choice = this.#services.contexts.choose(hello);
      if (choice !== undefined) this.#secured.begin(choice.context.newSession());
    } catch (error) {
      // A certificate that nobody had asked for until now, and OpenSSL does not take it.
      return await this.#refuse(INTERNAL_ERROR, (error as Error).message);
    }
    if (choice !== undefined) return choice.former;
    return await this.#refuse(UNRECOGNIZED_NAME, "no certificate is for the name asked for");
  }

  /** Ends a handshake that OpenSSL never saw. */
  async #refuse(alert: number, reason: string): Promise<never> {
    await Promise.resolve(this.#stream.write(plainAlert(alert))).catch(() => {});
    throw new PeerError("client", "handshake", reason);
  }
}

const CLIENT: SessionPeer = { party: "client", recordFault };
