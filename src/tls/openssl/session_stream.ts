/**
 * Moves ciphertext between a socket and an OpenSSL session, whichever side of the handshake is ours. Outside of
 * reads and writes it owns no buffer.
 */

import { type Party, PeerError } from "../../errors.ts";
import {
  type FormerTicketKeys,
  OpenSslError,
  type SslOutput,
  type SslSession,
} from "../../runtime/openssl.ts";
import type { Clock, Stream } from "../../runtime/runtime.ts";
import type { ScratchBuffers } from "./scratch_buffers.ts";

/** What all connections of an engine share for it. */
export interface SessionStreamServices {
  readonly clock: Pick<Clock, "turn">;
  readonly buffers: ScratchBuffers;
}

/** Who is at the other end, and how OpenSSL's refusals of its records are put into words. */
export interface SessionPeer {
  readonly party: Party;
  readonly recordFault: (error: OpenSslError) => PeerError;
}

/** A socket with a session on it, once there is one. */
export class SessionStream {
  readonly socket: Stream;
  readonly #services: SessionStreamServices;
  readonly #peer: SessionPeer;
  #session: SslSession | undefined;
  /** Ends when everything that the session has produced is sent. */
  #sending: Promise<void> | undefined;
  /** What it has produced meanwhile. */
  #waiting: SslOutput[] | undefined;
  /** Whether much is arriving: reads then use a large buffer. */
  #burst = false;
  /** Whether the last ciphertext made OpenSSL answer by itself. */
  #answered = false;
  /** How often it did since the peer's last data. */
  #answers = 0;
  #closed = false;

  constructor(socket: Stream, services: SessionStreamServices, peer: SessionPeer) {
    this.socket = socket;
    this.#services = services;
    this.#peer = peer;
  }

  /** The session, if one has begun and not ended. */
  get session(): SslSession | undefined {
    return this.#session;
  }

  /** Takes a session that is about to do its handshake; it is freed with this. */
  begin(session: SslSession): void {
    this.#session = session;
  }

  /** Throws if it has been closed. */
  checkOpen(): void {
    if (this.#closed) throw this.#closedByUs();
  }

  /**
   * Leads the handshake to its end, from the first `length` octets of the buffer on. Rejects with
   * {@linkcode OpenSslError}, or as the socket does.
   */
  async shakeHands(
    buffer: Uint8Array,
    length: number,
    former?: FormerTicketKeys,
  ): Promise<void> {
    const session = this.#open();
    let done = await this.#step(session, former, buffer, length);
    while (!done) {
      const more = await this.#receive(buffer);
      done = await this.#step(session, former, buffer, more);
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
        const length = await this.socket.read(input);
        if (length === null) {
          throw new PeerError(this.#peer.party, "closed", "ended without close_notify");
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
      return Promise.reject(this.#recordError(error));
    }
  }

  async closeWrite(): Promise<void> {
    const session = this.#open();
    session.closeWrite();
    await this.#send(session);
    await this.socket.closeWrite();
  }

  /** The session stays until it is closed: reads and writes that wait still hold it. */
  reset(): void {
    this.socket.reset();
  }

  unsent(): number {
    return this.socket.unsent();
  }

  close(): void {
    this.#closed = true;
    this.socket.close();
    this.#session?.free();
    this.#session = undefined;
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
    // After a failure too: the alert tells the peer what was wrong.
    const sending = this.#send(session);
    if (failure !== undefined) {
      await sending.catch(() => {});
      throw failure;
    }
    await sending;
    return done;
  }

  async #receive(buffer: Uint8Array): Promise<number> {
    const octets = await this.socket.read(buffer);
    this.checkOpen();
    if (octets === null) {
      throw new PeerError(this.#peer.party, "closed", "ended in the handshake");
    }
    return octets;
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
      throw this.#recordError(error);
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
   * Peers may ask for new keys (RFC 8446 section 4.6.3) or for a renegotiation, and OpenSSL answers however
   * often they do. It must neither keep others waiting nor pile up answers that the peer does not read.
   */
  async #afterAnswer(): Promise<void> {
    this.#answered = false;
    if (this.#answers > MOST_ANSWERS) {
      const { party } = this.#peer;
      const reason = `the ${party} broke the protocol (too many KeyUpdates)`;
      throw new PeerError(party, "other", reason);
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
          const written = await this.socket.write(rest);
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
    if (this.#closed) throw this.#closedByUs();
    throw new PeerError(this.#peer.party, "gone", "no handshake yet");
  }

  /** What OpenSSL found wrong with a record after the handshake. */
  #recordError(error: unknown): unknown {
    return error instanceof OpenSslError ? this.#peer.recordFault(error) : error;
  }

  #closedByUs(): PeerError {
    return new PeerError(this.#peer.party, "gone", "closed by us");
  }
}

const SENT = Promise.resolve();
/** The most plaintext that is encrypted at once, in octets. */
const MOST_AT_ONCE = 128 << 10;
/** Answers of the protocol's own without data between them; rustls allows as many. */
const MOST_ANSWERS = 32;
/** Pieces of output that may wait until the peer reads. */
const MOST_WAITING = 4;
/** Octets of ciphertext in one read that mean that more is on its way. */
const BURST = 16 << 10;
