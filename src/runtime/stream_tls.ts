/**
 * OpenSSL behind one interface with two drivers: the host's library on streams of our own, and `node:tls` on Node's
 * sockets. TLS takes over an existing connection, with a context that has been chosen for it.
 */

import type { BufferPool } from "./buffer_pool.ts";
import type { Party, PeerError } from "../errors.ts";
import type {
  FormerTicketKeys,
  OpenSslError,
  SslContextOptions,
  SslFacts,
  SslTicketKeys,
} from "./openssl.ts";
import type { Duplex, Stream, TcpStream } from "./streams.ts";

export type { SslFacts };

/** The library. */
export interface StreamTls {
  /** For example `OpenSSL 3.5.4 (Node 26.1.0)`. */
  readonly version: string;
  /** Buffers for a client's first bytes; undefined if its stream lends them. */
  readonly handshakeBuffers?: BufferPool;
  /** Whether a context can get new ticket keys and OCSP responses; if not, it keeps those it was made with. */
  readonly contextsChange: boolean;
  /** Loads an OpenSSL engine by its id for everything it supports. Throws an error with the reason. */
  useEngine(id: string): void;
  /** Throws {@linkcode OpenSslError} whose `subject` names the refused option. */
  newContext(options: StreamContextOptions): StreamContext;
  /**
   * Serves a client whose first bytes have already been read. From then on the stream's own reads and writes must not
   * be used. The caller may reuse the buffer `read` once `handshake` has returned its promise.
   */
  accept(stream: TcpStream, terms: SessionTerms, read: Uint8Array, peer: TlsPeer): AcceptedStream;
  /**
   * Begins TLS with the server on a dialled connection. From then on the stream's own reads and writes must not be
   * used. The context must have `server`. If this throws, the caller must still close the stream.
   */
  connect(stream: Stream, context: StreamContext, peer: TlsPeer): ConnectedStream;
}

/** What TLS uses for one client. */
export interface SessionTerms {
  readonly context: StreamContext;
  /** Keys for the client's ticket in addition to those of the context, where contexts change. */
  readonly former: FormerTicketKeys | undefined;
}

/** The peer of a connection. */
export interface TlsPeer {
  readonly party: Party;
  /** Makes the error for reads and writes when the library refuses a record after the handshake. */
  readonly recordFault: RecordFault;
}

/** Translates the library's refusal of a record. */
export type RecordFault = (refusal: OpenSslError) => PeerError;

/** How a context is made. */
export interface StreamContextOptions extends SslContextOptions {
  /** The initial ticket keys; undefined for the client's side. */
  readonly ticketKeys: SslTicketKeys | undefined;
}

/** Rules for handshakes that the library has accepted. Only the library looks into it. */
export interface StreamContext {
  /** Seals and opens tickets with these keys from now on. Only where contexts change. */
  setTicketKeys?(keys: SslTicketKeys): void;
  /**
   * Staples this response (DER), or none, with the certificate at this index of its options. Only where contexts
   * change.
   */
  staple?(index: number, response: Uint8Array | undefined): void;
  /** Releases it; connections keep what they need from it. */
  free(): void;
}

/** A TLS connection that we began. */
export interface ConnectedStream extends Stream {
  /** See {@linkcode AcceptedStream.handshake}. */
  handshake(): Promise<void>;
  /** PEM text of the server's certificate if it is for another name. */
  readonly shownCertificate: string | undefined;
}

/** A TLS connection. */
export interface AcceptedStream extends Duplex {
  /**
   * Rejects with {@linkcode OpenSslError} if the library refuses the client, otherwise with the platform's own error.
   */
  handshake(): Promise<void>;
  /** Only once the handshake is done, and before it is closed. */
  readonly facts: SslFacts;
}
