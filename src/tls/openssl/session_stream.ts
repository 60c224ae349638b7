/**
 * Moves ciphertext between a socket and an OpenSSL session, for either side of the handshake. Outside of reads and
 * writes it owns no buffer.
 */

import { type Party, PeerError, type PeerErrorKind } from "../../errors.ts";
import {
  type FormerTicketKeys,
  OpenSslError,
  type SslFacts,
  type SslOutput,
  type SslSession,
} from "../../runtime/openssl.ts";
import type { Agreement, Clock, SocketPair, Stream } from "../../runtime/runtime.ts";
import type { AcceptedStream, ConnectedStream, TlsPeer } from "../../runtime/stream_tls.ts";
import type { ScratchBuffers } from "./scratch_buffers.ts";

/** Shared by all connections of an engine. */
export interface SessionStreamServices {
  readonly clock: Pick<Clock, "turn">;
  readonly buffers: ScratchBuffers;
}

/** A socket with a session on it, from the start of the handshake. */
export class SessionStream implements AcceptedStream, ConnectedStream {
  readonly #socket: Stream;
  readonly #services: SessionStreamServices;
  readonly #peer: TlsPeer;
  /** Undefined once it is closed. */
  #session: SslSession | undefined;
  /** What the client has already sent. */
  #first: Uint8Array;
  #former: FormerTicketKeys | undefined;
  /** Settles when everything that the session has produced is sent. */
  #sending: Promise<void> | undefined;
  /** What the session has produced meanwhile. */
  #waiting: SslOutput[] | undefined;
  /** Whether much is arriving; reads then use a large buffer. */
  #burst = false;
  /** Whether the last ciphertext made OpenSSL send something by itself. */
  #answered = false;
  /** How often it did so since the peer's last data. */
  #answers = 0;

  /**
   * Closing it also frees the session. `first` is what the client has already sent, and `former` has the keys for
   * its ticket.
   */
  constructor(
    socket: Stream,
    services: SessionStreamServices,
    peer: TlsPeer,
    session: SslSession,
    first: Uint8Array = NOTHING,
    former?: FormerTicketKeys,
  ) {
    this.#socket = socket;
    this.#services = services;
    this.#peer = peer;
    this.#session = session;
    this.#first = first;
    this.#former = former;
  }

  get pair(): SocketPair | undefined {
    return this.#socket.pair;
  }

  /** Plaintext is lent if the socket lends ciphertext. */
  get lends(): boolean {
    return this.#socket.lends === true;
  }

  get takesAtOnce(): boolean {
    return this.#socket.takesAtOnce === true;
  }

  get agreement(): Agreement | undefined {
    return this.#session?.agreement;
  }

  get facts(): SslFacts {
    return this.#open().facts;
  }

  get shownCertificate(): string | undefined {
    return this.#session?.shownCertificate;
  }

  /** With a client it starts from what the client has already sent. */
  async handshake(): Promise<void> {
    const session = this.#open();
    const { small } = this.#services.buffers;
    let buffer: Uint8Array | undefined;
    try {
      for (let input = this.#first, length = input.length;;) {
        let done = false;
        try {
          done = session.handshake(input, length, this.#former);
        } catch (error) {
          // After a failure too, something is sent: the alert tells the peer what was wrong.
          await Promise.resolve(this.#send(session)).catch(() => {});
          throw error;
        }
        // The client may leave as soon as it has verified us; a fault shows at the next read or write.
        if (done) return this.#sendAnswer(session);
        const sending = this.#send(session);
        if (sending !== undefined) await sending;
        input = buffer ??= small.take();
        const reading = this.#socket.read(input);
        const more = reading instanceof Promise ? await reading : reading;
        this.#open();
        if (more === null) {
          throw new PeerError(this.#peer.party, "closed", "ended in the handshake");
        }
        length = more;
      }
    } finally {
      this.#first = NOTHING;
      this.#former = undefined;
      if (buffer !== undefined) small.give(buffer);
    }
  }

  lendNow(most: number): Uint8Array | null | undefined {
    const session = this.#open();
    this.#checkAnswers();
    const { plaintext } = this.#services.buffers;
    while (!this.#answered) {
      if (session.mayHaveMore) {
        const bytes = this.#decrypt(session, NOTHING, 0, plaintext);
        if (bytes !== 0) return bytes === null ? null : plaintext.subarray(0, bytes);
        continue;
      }
      const input = this.#socket.lendNow!(most);
      if (input === undefined) return undefined;
      if (input === null) throw this.#cutOff();
      const bytes = this.#decrypt(session, input, input.length, plaintext);
      if (bytes !== 0) return bytes === null ? null : plaintext.subarray(0, bytes);
    }
    return undefined;
  }

  whenReadable(ready: () => void): void {
    if (this.#answered) this.#afterAnswer().then(ready);
    else this.#socket.whenReadable!(ready);
  }

  async read(into: Uint8Array): Promise<number | null> {
    let session = this.#open();
    for (;;) {
      this.#checkAnswers();
      if (this.#answered) {
        await this.#afterAnswer();
        session = this.#open();
      }
      if (session.mayHaveMore) {
        const bytes = this.#decrypt(session, into, 0, into);
        if (bytes !== 0) return bytes;
      }
      // Short reads go straight into the plaintext's destination; during a burst they use a buffer of their own.
      const borrow = this.#burst;
      const input = borrow ? this.#services.buffers.large.take() : into;
      try {
        const length = await this.#socket.read(input);
        if (length === null) throw this.#cutOff();
        session = this.#open();
        const bytes = this.#decrypt(session, input, length, into);
        // A full buffer means that more is on its way.
        this.#burst = !this.#answered && (length === input.length || length > BURST);
        if (bytes !== 0) return bytes;
      } finally {
        if (borrow) this.#services.buffers.large.give(input);
      }
    }
  }

  write(bytes: Uint8Array): Promise<number> | number {
    const part = bytes.length > MAX_AT_ONCE ? bytes.subarray(0, MAX_AT_ONCE) : bytes;
    let sending: Promise<void> | undefined;
    try {
      const session = this.#open();
      session.write(part);
      sending = this.#send(session);
    } catch (error) {
      throw this.#recordError(error);
    }
    return sending === undefined ? part.length : sending.then(() => part.length);
  }

  room(): number {
    return this.#socket.room?.() ?? 0;
  }

  closeWrite(): Promise<void> | void {
    const session = this.#open();
    session.closeWrite();
    const sending = this.#send(session);
    if (sending === undefined) return this.#socket.closeWrite();
    return sending.then(() => this.#socket.closeWrite());
  }

  get gone(): boolean {
    return this.#socket.gone === true;
  }

  unsent(): number {
    return this.#socket.unsent();
  }

  /** The session is freed at close, not here: a call may be in progress. */
  reset(): void {
    this.#socket.reset();
  }

  close(): void {
    this.#socket.close();
    this.#session?.free();
    this.#session = undefined;
  }

  #decrypt(
    session: SslSession,
    input: Uint8Array,
    length: number,
    into: Uint8Array,
  ): number | null {
    try {
      const bytes = session.read(input, length, into);
      if (bytes !== 0) this.#answers = 0;
      return bytes;
    } catch (error) {
      throw this.#recordError(error);
    } finally {
      if (session.hasOutput) {
        this.#answered = true;
        this.#answers++;
        this.#sendAnswer(session);
      }
    }
  }

  /** Nothing waits for this, and a fault shows at the next read or write. */
  #sendAnswer(session: SslSession): void {
    try {
      this.#send(session)?.catch(() => {});
    } catch {
      // As above.
    }
  }

  /**
   * Peers may request new keys (RFC 8446 section 4.6.3) or a renegotiation, and OpenSSL answers however often they
   * do. That must neither delay others nor pile up answers that the peer does not read.
   */
  #checkAnswers(): void {
    if (this.#answers <= MAX_ANSWERS) return;
    const { party } = this.#peer;
    const reason = `the ${party} broke the protocol (too many KeyUpdates)`;
    throw new PeerError(party, "other", reason);
  }

  /** Lets others run first, and waits while answers pile up. Never rejects. */
  async #afterAnswer(): Promise<void> {
    this.#answered = false;
    if ((this.#waiting?.length ?? 0) > MAX_WAITING) await this.#sending?.catch(() => {});
    await this.#services.clock.turn();
  }

  /**
   * Sends what the session has produced, in order. Undefined if that is already done; throws or rejects as the
   * socket does.
   */
  #send(session: SslSession): Promise<void> | undefined {
    const output = session.takeOutput();
    if (output === undefined) return this.#sending;
    if (this.#sending !== undefined) {
      this.#waiting ??= [];
      this.#waiting.push(output);
      return this.#sending;
    }
    const { bytes } = output;
    let writing: number | Promise<number>;
    try {
      writing = this.#socket.write(bytes);
    } catch (error) {
      output.release();
      throw error;
    }
    // Nearly always the kernel takes all of it, and nothing has to be kept.
    if (writing === bytes.length) {
      output.release();
      return undefined;
    }
    return this.#sending = this.#deliver(output, writing);
  }

  async #deliver(first: SslOutput, begun: number | Promise<number>): Promise<void> {
    let output: SslOutput | undefined = first;
    let writing: number | Promise<number> | undefined = begun;
    try {
      do {
        for (let rest: Uint8Array = output.bytes;;) {
          writing ??= this.#socket.write(rest);
          if (this.#socket.takesAtOnce) {
            output.release();
            // If this fails, the output has already been returned. Returning it twice would let two sessions write
            // into it.
            output = undefined;
            await writing;
            break;
          }
          const written: number = await writing;
          writing = undefined;
          if (written === rest.length) {
            output.release();
            break;
          }
          rest = rest.subarray(written);
        }
        writing = undefined;
        output = this.#waiting?.shift();
      } while (output !== undefined);
    } catch (error) {
      output?.release();
      while ((output = this.#waiting?.shift()) !== undefined) output.release();
      throw error;
    } finally {
      this.#sending = undefined;
    }
  }

  #open(): SslSession {
    if (this.#session !== undefined) return this.#session;
    throw new PeerError(this.#peer.party, "gone", "closed by us");
  }

  /** The error for a bad record after the handshake. */
  #recordError(error: unknown): unknown {
    return error instanceof OpenSslError ? this.#peer.recordFault(error) : error;
  }

  /** The connection ended without close_notify. Within a record, data is missing too. */
  #cutOff(): PeerError {
    const { party } = this.#peer;
    return (this.#session?.holdsPart ? WITHIN_A_RECORD : WITHOUT_CLOSE_NOTIFY)[party];
  }
}

// Created once, because most connections end like this.
const WITHOUT_CLOSE_NOTIFY = ofEach("closed", "ended without close_notify");
const WITHIN_A_RECORD = ofEach("cut", "ended within a TLS record");

function ofEach(kind: PeerErrorKind, message: string): Readonly<Record<Party, PeerError>> {
  return {
    client: new PeerError("client", kind, message),
    backend: new PeerError("backend", kind, message),
  };
}

const NOTHING = new Uint8Array();
/** Max plaintext bytes to encrypt at once. */
const MAX_AT_ONCE = 128 << 10;
/** Max protocol answers without data between them; rustls allows as many. */
const MAX_ANSWERS = 32;
/** Max pieces of output that may wait until the peer reads. */
const MAX_WAITING = 4;
/** A read with more bytes of ciphertext means that more is on its way. */
const BURST = 16 << 10;
