/**
 * TLS of the platform's own that takes over connections which are there already: `node:tls`. Like the
 * host's OpenSSL it is made of contexts, but a context belongs to a connection from its first octet on, and the
 * library moves the octets itself.
 */

import type { PeerError } from "../errors.ts";
import type { OpenSslError, SslContextOptions, SslFacts, SslTicketKeys } from "./openssl.ts";
import type { Stream, TcpStream, TlsStream } from "./streams.ts";

export type { SslFacts };

/** The library. */
export interface StreamTls {
  /** For example `OpenSSL 3.5.4 (Node 26.1.0)`. */
  readonly version: string;
  /** Loads an OpenSSL engine by its id for everything it can do. Throws {@linkcode StartupError}. */
  useEngine(id: string): void;
  /** Throws {@linkcode OpenSslError} whose `subject` tells which option it does not take. */
  newContext(options: StreamContextOptions): StreamContext;
  /**
   * Serves a client whose first octets have been read already: the connection's own reads and writes are over
   * from then on. The handshake begins at once. `recordFault` makes what reads and writes reject with when the
   * library refuses a record later.
   */
  accept(
    stream: TcpStream,
    context: StreamContext,
    read: Uint8Array,
    recordFault: RecordFault,
  ): AcceptedStream;
  /**
   * Begins TLS with the server at the other end of a connection that was dialled; its own reads and writes are
   * over from then on. The context is one with `server`. The handshake begins at once.
   */
  connect(stream: Stream, context: StreamContext, recordFault: RecordFault): ConnectedStream;
}

/** Puts the library's refusal of a record into words. */
export type RecordFault = (refusal: OpenSslError) => PeerError;

/** How a context is made: as with OpenSSL, and with its ticket keys for good. */
export interface StreamContextOptions extends SslContextOptions {
  /** Undefined for the client's side. */
  readonly ticketKeys: SslTicketKeys | undefined;
  /** Id of the OpenSSL engine that holds keys given by URI. */
  readonly engine: string | undefined;
}

/** Rules for handshakes that the library has accepted. Nobody looks into it but the library. */
export interface StreamContext {
  readonly options: StreamContextOptions;
}

/** A connection under TLS that we began. */
export interface ConnectedStream extends Omit<TlsStream, "pair"> {
  /** As that of {@linkcode AcceptedStream}. */
  handshake(): Promise<void>;
  /** PEM text of a certificate that is for another name. */
  readonly shownCertificate: string | undefined;
}

/** A connection under TLS. */
export interface AcceptedStream extends TlsStream {
  /** Rejects with {@linkcode OpenSslError} when the library refuses the client, else with the platform's own error. */
  handshake(): Promise<void>;
  /** Only once the handshake is done. */
  readonly facts: SslFacts;
}
