/** One client's TLS on OpenSSL: reads its hello, chooses its context, and explains why a handshake failed. */

import type { SslFacts } from "../../runtime/openssl.ts";
import type { BufferPool } from "../../runtime/buffer_pool.ts";
import { PeerError } from "../../errors.ts";
import type {
  Duplex,
  Network,
  SocketAddress,
  SocketPair,
  TcpStream,
} from "../../runtime/runtime.ts";
import type { AcceptedStream, StreamTls, TlsPeer } from "../../runtime/stream_tls.ts";
import type { ClientHello, HelloFault } from "../../wire/client_hello.ts";
import { Certificate } from "../../x509/certificate.ts";
import { certificateAlgorithms } from "../../x509/certificate_algorithms.ts";
import { firstCommonName } from "../../x509/certificate_names.ts";
import { admissionFault } from "../admission.ts";
import type { Negotiated, OnChosen, OnHello, PendingClient, SecureClient } from "../engine.ts";
import type { HandshakeReason } from "../handshake_reasons.ts";
import {
  INTERNAL_ERROR,
  isPlainHttp,
  lentClientHello,
  plainAlert,
  readClientHello,
  UNRECOGNIZED_NAME,
} from "../plain_handshake.ts";
import { readProxyHeader, type Source } from "../read_proxy_header.ts";
import type { Choice, Contexts } from "./contexts.ts";
import { handshakeFault, recordFault } from "./handshake_reasons.ts";

/** Shared by all clients of an engine. */
export interface OpenSslServices {
  readonly library: StreamTls;
  readonly contexts: Contexts;
  readonly network: Pick<Network, "peerError">;
}

/** A client before its handshake; see {@linkcode PendingClient}. */
export class OpenSslClient implements PendingClient {
  readonly #services: OpenSslServices;
  readonly #socket: TcpStream;
  /** The source of its hello. */
  #source: Source;
  /** The socket, or the stream that has replaced it. */
  #stream: Duplex;
  #ended: "reset" | "closed" | undefined;
  serverName: string | undefined;
  strangeName: string | undefined;
  #proxyHeader: Uint8Array | undefined;
  clientInHeader: SocketAddress | undefined;
  failedHello: Uint8Array | undefined;

  constructor(socket: TcpStream, services: OpenSslServices) {
    this.#socket = this.#source = this.#stream = socket;
    this.#services = services;
  }

  get pair(): SocketPair {
    return this.#socket.pair;
  }

  async readProxyHeader(): Promise<void> {
    try {
      const { header, client, rest } = await readProxyHeader(this.#socket);
      this.#proxyHeader = header;
      this.clientInHeader = client;
      this.#source = rest;
    } catch (error) {
      throw this.#fault(error);
    }
  }

  takeProxyHeader(): Uint8Array | undefined {
    const header = this.#proxyHeader;
    this.#proxyHeader = undefined;
    return header;
  }

  async handshake(onHello?: OnHello, onChosen?: OnChosen): Promise<SecureClient> {
    const { handshakeBuffers: pool } = this.#services.library;
    let buffer = pool?.take();
    // Both stay as they are until the handshake is done: if it fails, they tell what the client offered.
    let hello: Uint8Array | undefined;
    try {
      const reading = buffer === undefined
        ? lentClientHello(this.#source)
        : readClientHello(this.#source, buffer);
      const { verdict, bytes, buffer: used } = reading instanceof Promise ? await reading : reading;
      buffer = used;
      this.#source = this.#socket;
      if (this.#ended === "closed") throw new PeerError("client", "gone", "closed by us");
      if (verdict.kind === "refused") {
        const { alert, reason: words, fault } = verdict;
        return await this.#refuse({ alert, words, reason: reasonFor(fault, bytes) });
      }
      hello = bytes;
      onHello?.(bytes);
      const begun = this.#begin(verdict.hello, bytes, onChosen);
      if ("alert" in begun) return await this.#refuse(begun);
      await begun.stream.handshake();
      this.#socket.patient = false;
      return begun;
    } catch (error) {
      this.failedHello = hello && new Uint8Array(hello);
      throw this.#fault(error);
    } finally {
      giveBack(pool, buffer);
    }
  }

  reset(): void {
    this.#ended ??= "reset";
    this.#stream.reset();
  }

  unsent(): number {
    return this.#stream.unsent();
  }

  close(): void {
    this.#ended = "closed";
    this.#stream.close();
  }

  /** Starts the session as soon as its context is chosen: the context may be freed at any later time. */
  #begin(
    hello: ClientHello,
    bytes: Uint8Array,
    onChosen: OnChosen | undefined,
  ): SecureOpenSslClient | Refusal {
    const { contexts, library } = this.#services;
    this.serverName = hello.serverName;
    this.strangeName = hello.strangeName;
    try {
      const choice = contexts.choose(hello);
      if (choice === undefined) return NO_SUCH_NAME;
      onChosen?.(contexts.namesOf(choice));
      const stream = library.accept(this.#socket, choice, bytes, CLIENT);
      this.#stream = stream;
      return new SecureOpenSslClient(stream, choice.allowed);
    } catch (error) {
      // This certificate is used for the first time, and OpenSSL refuses it.
      return { alert: INTERNAL_ERROR, words: (error as Error).message, reason: "internal" };
    }
  }

  /** Ends a handshake that OpenSSL never saw. */
  async #refuse({ alert, words, reason }: Refusal): Promise<never> {
    await Promise.resolve(this.#socket.write(plainAlert(alert))).catch(() => {});
    throw new PeerError("client", "handshake", words, { reason });
  }

  #fault(error: unknown): PeerError {
    return handshakeFault(error, this.#services.network, this.#ended !== undefined);
  }
}

/** The client after its handshake; nothing receives it before the handshake is done. */
class SecureOpenSslClient implements SecureClient {
  readonly stream: AcceptedStream;
  readonly #allowed: Choice["allowed"];

  constructor(stream: AcceptedStream, allowed: Choice["allowed"]) {
    this.stream = stream;
    this.#allowed = allowed;
  }

  get negotiated(): Negotiated {
    return negotiated(this.stream.facts);
  }

  admissionFault(): string | undefined {
    if (this.#allowed === undefined) return undefined;
    return admissionFault(this.stream.facts.peerCertificate, this.#allowed);
  }
}

/** Returns a buffer to its pool. A larger one, for a long hello, does not belong to the pool. */
function giveBack(pool: BufferPool | undefined, buffer: Uint8Array | undefined): void {
  if (buffer !== undefined && buffer.length === pool?.size) pool.give(buffer);
}

function reasonFor(fault: HelloFault | undefined, bytes: Uint8Array): HandshakeReason {
  if (fault === "old-version") return "no-shared-version";
  if (fault === undefined) return "malformed";
  return isPlainHttp(bytes) ? "plain-http" : fault;
}

/** Why a client is refused before OpenSSL sees it. */
interface Refusal {
  readonly alert: number;
  readonly words: string;
  readonly reason: HandshakeReason;
}

const NO_SUCH_NAME: Refusal = {
  alert: UNRECOGNIZED_NAME,
  words: "no certificate for the requested name",
  reason: "unknown-server-name",
};
const CLIENT: TlsPeer = { party: "client", recordFault };

/** What was negotiated, from what the library reports. */
function negotiated(
  { certificate, peerCertificate, verifyResult, ...facts }: SslFacts,
): Negotiated {
  return {
    ...facts,
    certificate: certificate && certificateAlgorithms(certificate),
    clientCertificate: peerCertificate === undefined
      ? undefined
      : { pem: peerCertificate, verifyResult, commonName: commonNameIn(peerCertificate) },
  };
}

function commonNameIn(pem: string): string | undefined {
  try {
    return firstCommonName(Certificate.parsePem(pem));
  } catch {
    // The library has accepted the certificate, so do not drop the client because its details cannot be parsed.
    return undefined;
  }
}
