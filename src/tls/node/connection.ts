/** One client's TLS on Node: reads its hello, chooses the context, and leaves the rest to the library. */

import { PeerError } from "../../errors.ts";
import type { Network, SocketAddress, SocketPair, TcpStream } from "../../runtime/runtime.ts";
import type { AcceptedStream, StreamTls } from "../../runtime/stream_tls.ts";
import type { ClientHello } from "../../wire/client_hello.ts";
import { admissionFault } from "../admission.ts";
import type { Negotiated, OnHello, TlsConnection } from "../engine.ts";
import { negotiated } from "../negotiated.ts";
import { handshakeFault, recordFault } from "../openssl/handshake_reasons.ts";
import {
  INTERNAL_ERROR,
  lentClientHello,
  plainAlert,
  UNRECOGNIZED_NAME,
} from "../plain_handshake.ts";
import { readProxyHeader, type Source } from "../read_proxy_header.ts";
import type { NodeChoice, NodeContexts } from "./contexts.ts";

/** What all connections of an engine share. */
export interface NodeServices {
  readonly contexts: NodeContexts;
  readonly library: StreamTls;
  readonly network: Pick<Network, "peerError">;
}

interface Refusal {
  readonly kind: "refused";
  readonly alert: number;
  readonly reason: string;
}

type Choice = Refusal | { readonly kind: "chosen" } & NodeChoice;

/** A connection; see {@linkcode TlsConnection}. */
export class NodeConnection implements TlsConnection {
  readonly #services: NodeServices;
  #stream: TcpStream | AcceptedStream;
  /** Where its hello is read from. */
  #source: Source;
  #tls: AcceptedStream | undefined;
  #agreed = false;
  #endedByUs = false;
  #allowed: NodeChoice["allowed"];
  serverName: string | undefined;
  strangeName: string | undefined;
  #proxyHeader: Uint8Array | undefined;
  clientInHeader: SocketAddress | undefined;

  constructor(stream: TcpStream, services: NodeServices) {
    this.#stream = this.#source = stream;
    this.#services = services;
  }

  get pair(): SocketPair {
    return this.#stream.pair;
  }

  get negotiated(): Negotiated | undefined {
    return this.#agreed && this.#tls !== undefined ? negotiated(this.#tls.facts) : undefined;
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
    try {
      const { verdict, octets } = await lentClientHello(this.#source);
      if (verdict.kind === "hello") onHello?.(octets);
      const choice = verdict.kind === "refused" ? verdict : this.#choose(verdict.hello);
      if (choice.kind === "refused") await this.#refuse(choice);
      else await this.#begin(choice, octets);
      this.#agreed = true;
    } catch (error) {
      throw handshakeFault(error, this.#services.network, this.#endedByUs);
    }
  }

  admissionFault(): string | undefined {
    if (this.#allowed === undefined) return undefined;
    return admissionFault(this.#tls?.facts.peerCertificate, this.#allowed);
  }

  lend(): Promise<Uint8Array | null> {
    return this.#open().lend!();
  }

  read(into: Uint8Array): number | null | Promise<number | null> {
    return this.#open().read(into);
  }

  write(octets: Uint8Array): number | Promise<number> {
    return this.#open().write(octets);
  }

  closeWrite(): Promise<void> | void {
    return this.#open().closeWrite();
  }

  reset(): void {
    this.#endedByUs = true;
    this.#stream.reset();
  }

  unsent(): number {
    return this.#stream.unsent();
  }

  close(): void {
    this.#endedByUs = true;
    this.#stream.close();
  }

  #choose(hello: ClientHello): Choice {
    this.serverName = hello.serverName;
    this.strangeName = hello.strangeName;
    try {
      const choice = this.#services.contexts.choose(hello);
      if (choice !== undefined) return { kind: "chosen", ...choice };
      const reason = "no certificate for the requested name";
      return { kind: "refused", alert: UNRECOGNIZED_NAME, reason };
    } catch (error) {
      // A certificate that nobody had asked for until now, and the library does not take it.
      return { kind: "refused", alert: INTERNAL_ERROR, reason: (error as Error).message };
    }
  }

  #begin({ context, allowed }: NodeChoice, octets: Uint8Array): Promise<void> {
    const { library } = this.#services;
    this.#allowed = allowed;
    this.#tls = library.accept(this.#stream as TcpStream, context, octets, recordFault);
    this.#stream = this.#source = this.#tls;
    return this.#tls.handshake();
  }

  /** Ends a handshake that the library never saw. */
  async #refuse({ alert, reason }: Refusal): Promise<never> {
    await Promise.resolve(this.#stream.write(plainAlert(alert))).catch(() => {});
    throw new PeerError("client", "handshake", reason);
  }

  #open(): AcceptedStream {
    if (this.#tls !== undefined) return this.#tls;
    throw new PeerError("client", "gone", "no handshake yet");
  }
}
