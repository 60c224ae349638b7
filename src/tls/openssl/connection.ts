/**
 * One client's TLS on OpenSSL: moves ciphertext between the socket and the session, and tells why a handshake
 * failed. Outside of reads and writes it owns no buffer.
 */

import { PeerError } from "../../errors.ts";
import {
  type FormerTicketKeys,
  OpenSslError,
  type SslOutput,
  type SslSession,
} from "../../runtime/openssl.ts";
import type {
  Clock,
  Network,
  SocketAddress,
  SocketPair,
  TcpStream,
} from "../../runtime/runtime.ts";
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
import type { ScratchBuffers } from "./scratch_buffers.ts";

/** What all connections of an engine share. */
export interface OpenSslServices {
  readonly contexts: Contexts;
  readonly network: Pick<Network, "peerError">;
  readonly clock: Pick<Clock, "turn">;
  readonly buffers: ScratchBuffers;
}

/** A connection; see {@linkcode TlsConnection}. */
export class OpenSslConnection implements TlsConnection {
  readonly #services: OpenSslServices;
  readonly #stream: TcpStream;
  /** Where its hello is read from. */
  #source: Source;
  #session: SslSession | undefined;
  /** Ends when everything that the session has produced is sent. */
  #sending: Promise<void> | undefined;
  /** What it has produced meanwhile. */
  #waiting: SslOutput[] | undefined;
  /** Whether much is arriving: reads then use a large buffer. */
  #burst = false;
  /** Whether the last ciphertext made OpenSSL answer by itself. */
  #answered = false;
  /** How often it did since the client's last data. */
  #answers = 0;
  #agreed = false;
  #closed = false;
  serverName: string | undefined;
  #proxyHeader: Uint8Array | undefined;
  clientInHeader: SocketAddress | undefined;

  constructor(stream: TcpStream, services: OpenSslServices) {
    this.#stream = this.#source = stream;
    this.#services = services;
  }

  get pair(): SocketPair {
    return this.#stream.pair;
  }

  get negotiated(): Negotiated | undefined {
    if (this.#session === undefined || !this.#agreed) return undefined;
    return negotiated(this.#session.facts);
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
      if (this.#closed) throw closedByUs();
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

  async read(into: Uint8Array): Promise<number | null> {
    let session = this.#open();
    for (;;) {
      if (this.#answered) {
        await this.#afterAnswer();
        session = this.#open();
      }
      if (session.mayHaveMore) {
        const octets = this.#decrypt(session, into, 0, into);
        if (octets !== 0) return octets;
      }
      // Little is read to where the plaintext then goes; much has a buffer of its own for as long as it lasts.
      const borrow = this.#burst;
      const input = borrow ? this.#services.buffers.large.take() : into;
      try {
        const length = await this.#stream.read(input);
        if (length === null) {
          throw new PeerError("client", "closed", "ended without close_notify");
        }
        session = this.#open();
        const octets = this.#decrypt(session, input, length, into);
        // A buffer that was filled means that more is on its way.
        this.#burst = !this.#answered && (length === input.length || length > BURST);
        if (octets !== 0) return octets;
      } finally {
        if (borrow) this.#services.buffers.large.give(input);
      }
    }
  }

  write(octets: Uint8Array): Promise<number> {
    const part = octets.length > MOST_AT_ONCE ? octets.subarray(0, MOST_AT_ONCE) : octets;
    try {
      const session = this.#open();
      session.write(part);
      return this.#send(session).then(() => part.length);
    } catch (error) {
      return Promise.reject(recordError(error));
    }
  }

  async closeWrite(): Promise<void> {
    const session = this.#open();
    session.closeWrite();
    await this.#send(session);
    await this.#stream.closeWrite();
  }

  close(): void {
    this.#closed = true;
    this.#stream.close();
    this.#session?.free();
    this.#session = undefined;
  }

  /** Leads the handshake to its end, from the hello that the buffer begins with. */
  async #agree(hello: ClientHello, buffer: Uint8Array, length: number): Promise<void> {
    this.serverName = hello.serverName;
    const former = await this.#begin(hello);
    const session = this.#open();
    let done = await this.#step(session, former, buffer, length);
    while (!done) {
      const more = await this.#receive(buffer);
      done = await this.#step(session, former, buffer, more);
    }
    this.#agreed = true;
  }

  /** Begins the session as soon as its context is chosen: others may free the context at any later time. */
  async #begin(hello: ClientHello): Promise<FormerTicketKeys | undefined> {
    let choice: Choice | undefined;
    try {
      choice = this.#services.contexts.choose(hello);
      this.#session = choice?.context.newSession();
    } catch (error) {
      // A certificate that nobody had asked for until now, and OpenSSL does not take it.
      return await this.#refuse(INTERNAL_ERROR, (error as Error).message);
    }
    if (choice !== undefined) return choice.former;
    return await this.#refuse(UNRECOGNIZED_NAME, "no certificate is for the name asked for");
  }

  async #step(
    session: SslSession,
    former: FormerTicketKeys | undefined,
    buffer: Uint8Array,
    length: number,
  ): Promise<boolean> {
    let done = false;
    let failure: unknown;
    try {
      done = session.handshake(buffer, length, former);
    } catch (error) {
      failure = error;
    }
    // After a failure too: the alert tells the client what was wrong.
    const sending = this.#send(session);
    if (failure !== undefined) {
      await sending.catch(() => {});
      throw failure;
    }
    await sending;
    return done;
  }

  async #receive(buffer: Uint8Array): Promise<number> {
    const octets = await this.#stream.read(buffer);
    if (this.#closed) throw closedByUs();
    if (octets === null) throw new PeerError("client", "closed", "ended in the handshake");
    return octets;
  }

  /** Ends a handshake that OpenSSL never saw. */
  async #refuse(alert: number, reason: string): Promise<never> {
    await Promise.resolve(this.#stream.write(plainAlert(alert))).catch(() => {});
    throw new PeerError("client", "handshake", reason);
  }

  #decrypt(
    session: SslSession,
    input: Uint8Array,
    length: number,
    into: Uint8Array,
  ): number | null {
    try {
      const octets = session.read(input, length, into);
      if (octets !== 0) this.#answers = 0;
      return octets;
    } catch (error) {
      throw recordError(error);
    } finally {
      if (session.hasOutput) {
        this.#answered = true;
        this.#answers++;
        // Nobody waits for it, and a fault shows at the next read or write.
        this.#send(session).catch(() => {});
      }
    }
  }

  /**
   * Clients may ask for new keys (RFC 8446 section 4.6.3) or for a renegotiation, and OpenSSL answers however
   * often they do. It must neither keep others waiting nor pile up answers that the client does not read.
   */
  async #afterAnswer(): Promise<void> {
    this.#answered = false;
    if (this.#answers > MOST_ANSWERS) {
      throw new PeerError("client", "other", "the client broke the protocol (too many KeyUpdates)");
    }
    if ((this.#waiting?.length ?? 0) > MOST_WAITING) await this.#sending?.catch(() => {});
    await this.#services.clock.turn();
  }

  /** Sends what the session has produced, in order. */
  #send(session: SslSession): Promise<void> {
    const output = session.takeOutput();
    if (output === undefined) return this.#sending ?? SENT;
    if (this.#sending !== undefined) {
      this.#waiting ??= [];
      this.#waiting.push(output);
      return this.#sending;
    }
    return this.#sending = this.#deliver(output);
  }

  async #deliver(first: SslOutput): Promise<void> {
    let output: SslOutput | undefined = first;
    try {
      do {
        for (let rest = output.octets;;) {
          const written = await this.#stream.write(rest);
          if (written === rest.length) break;
          rest = rest.subarray(written);
        }
        output.release();
        output = this.#waiting?.shift();
      } while (output !== undefined);
    } catch (error) {
      for (; output !== undefined; output = this.#waiting?.shift()) output.release();
      throw error;
    } finally {
      this.#sending = undefined;
    }
  }

  #open(): SslSession {
    if (this.#session !== undefined) return this.#session;
    throw this.#closed ? closedByUs() : new PeerError("client", "gone", "no handshake yet");
  }
}

/** What OpenSSL found wrong with a record after the handshake. */
function recordError(error: unknown): unknown {
  return error instanceof OpenSslError ? recordFault(error) : error;
}

function closedByUs(): PeerError {
  return new PeerError("client", "gone", "closed by us");
}

const SENT = Promise.resolve();
/** The most plaintext that is encrypted at once, in octets. */
const MOST_AT_ONCE = 128 << 10;
/** Answers of the protocol's own without data between them; rustls allows as many. */
const MOST_ANSWERS = 32;
/** Pieces of output that may wait until the client reads. */
const MOST_WAITING = 4;
/** Octets of ciphertext in one read that mean that more is on its way. */
const BURST = 16 << 10;
