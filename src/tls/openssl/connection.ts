/** One client's TLS on OpenSSL: reads its hello, chooses its context, and tells why a handshake failed. */

import { PeerError } from "../../errors.ts";
import type { Network, SocketAddress, SocketPair, TcpStream } from "../../runtime/runtime.ts";
import type { ClientHello } from "../../wire/client_hello.ts";
import { admissionFault } from "../admission.ts";
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
import { OverSession } from "./over_session.ts";
import { type SessionPeer, SessionStream, type SessionStreamServices } from "./session_stream.ts";

/** What all connections of an engine share. */
export interface OpenSslServices extends SessionStreamServices {
  readonly contexts: Contexts;
  readonly network: Pick<Network, "peerError">;
}

/** A connection; see {@linkcode TlsConnection}. */
export class OpenSslConnection extends OverSession implements TlsConnection {
  readonly #services: OpenSslServices;
  readonly #stream: TcpStream;
  /** Where its hello is read from. */
  #source: Source;
  #agreed = false;
  #endedByUs = false;
  #allowed: Choice["allowed"];
  serverName: string | undefined;
  strangeName: string | undefined;
  #proxyHeader: Uint8Array | undefined;
  clientInHeader: SocketAddress | undefined;

  constructor(stream: TcpStream, services: OpenSslServices) {
    super(new SessionStream(stream, services, CLIENT));
    this.#stream = this.#source = stream;
    this.#services = services;
  }

  get pair(): SocketPair {
    return this.#stream.pair;
  }

  get negotiated(): Negotiated | undefined {
    const { session } = this.secured;
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
      throw handshakeFault(error, this.#services.network, this.#endedByUs);
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
      const reading = readClientHello(this.#source, buffer);
      const hello = reading instanceof Promise ? await reading : reading;
      this.#source = this.#stream;
      this.secured.checkOpen();
      const { verdict } = hello;
      buffer = hello.buffer;
      if (verdict.kind === "refused") return await this.#refuse(verdict.alert, verdict.reason);
      onHello?.(hello.octets);
      this.serverName = verdict.hello.serverName;
      this.strangeName = verdict.hello.strangeName;
      const begun = this.#begin(verdict.hello);
      if ("alert" in begun) return await this.#refuse(begun.alert, begun.reason);
      this.#allowed = begun.allowed;
      await this.secured.shakeHands(buffer, hello.octets.length, begun.former);
      this.#agreed = true;
      this.#stream.patient = false;
    } catch (error) {
      throw handshakeFault(error, this.#services.network, this.#endedByUs);
    } finally {
      if (buffer.length === small.size) small.give(buffer);
    }
  }

  override reset(): void {
    this.#endedByUs = true;
    super.reset();
  }

  override close(): void {
    this.#endedByUs = true;
    super.close();
  }

  admissionFault(): string | undefined {
    if (this.#allowed === undefined) return undefined;
    return admissionFault(this.secured.session?.facts.peerCertificate, this.#allowed);
  }

  /** Begins the session as soon as its context is chosen: others may free the context at any later time. */
  #begin(hello: ClientHello): Choice | Refusal {
    try {
      const choice = this.#services.contexts.choose(hello);
      if (choice === undefined) return NO_SUCH_NAME;
      this.secured.begin(choice.context.newSession());
      return choice;
    } catch (error) {
      // A certificate that nobody had asked for until now, and OpenSSL does not take it.
      return { alert: INTERNAL_ERROR, reason: (error as Error).message };
    }
  }

  /** Ends a handshake that OpenSSL never saw. */
  async #refuse(alert: number, reason: string): Promise<never> {
    await Promise.resolve(this.#stream.write(plainAlert(alert))).catch(() => {});
    throw new PeerError("client", "handshake", reason);
  }
}

/** Why a client is turned away before OpenSSL sees it. */
interface Refusal {
  readonly alert: number;
  readonly reason: string;
}

const NO_SUCH_NAME: Refusal = {
  alert: UNRECOGNIZED_NAME,
  reason: "no certificate for the requested name",
};
const CLIENT: SessionPeer = { party: "client", recordFault };
