/**
 * OpenSSL behind one interface, whoever moves its bytes: the host's library on streams of ours, and `node:tls` on
 * sockets of Node's. A connection is there already when TLS takes it over, by a context that has been chosen for it.
 */

import type { BufferPool } from "../buffer_pool.ts";
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
  /** What a client's first octets are read into; undefined: its stream lends them. */
  readonly handshakeBuffers?: BufferPool;
  /** Whether contexts take other ticket keys and OCSP responses; else they have those they were made with for good. */
  readonly contextsChange: boolean;
  /** Loads an OpenSSL engine by its id for everything it can do. Throws an error with the reason. */
  useEngine(id: string): void;
  /** Throws {@linkcode OpenSslError} whose `subject` tells which option it does not take. */
  newContext(options: StreamContextOptions): StreamContext;
  /**
   * Serves a client whose first octets have been read already: the connection's own reads and writes are over
   * from then on. The octets are the caller's again once `handshake` has returned its promise.
   */
  accept(stream: TcpStream, terms: SessionTerms, read: Uint8Array, peer: TlsPeer): AcceptedStream;
  /**
   * Begins TLS with the server at the other end of a connection that was dialled; its own reads and writes are
   * over from then on. The context is one with `server`. Whatever it throws, the stream is still to be closed.
   */
  connect(stream: Stream, context: StreamContext, peer: TlsPeer): ConnectedStream;
}

/** What a client is served by. */
export interface SessionTerms {
  readonly context: StreamContext;
  /** Keys that its ticket needs besides those of the context, where contexts change. */
  readonly former: FormerTicketKeys | undefined;
}

/** Who is at the other end. */
export interface TlsPeer {
  readonly party: Party;
  /** Makes what reads and writes reject with when the library refuses a record after the handshake. */
  readonly recordFault: RecordFault;
}

/** Puts the library's refusal of a record into words. */
export type RecordFault = (refusal: OpenSslError) => PeerError;

/** How a context is made. */
export interface StreamContextOptions extends SslContextOptions {
  /** Those it begins with; undefined for the client's side. */
  readonly ticketKeys: SslTicketKeys | undefined;
  /** Id of the OpenSSL engine that holds keys given by URI. */
  readonly engine: string | undefined;
}

/** Rules for handshakes that the library has accepted. Nobody looks into it but the library. */
export interface StreamContext {
  /** Seals and opens tickets with these keys from now on. Where contexts change. */
  setTicketKeys?(keys: SslTicketKeys): void;
  /** Staples another response (DER), or none, with the certificate at this place of its options. Where they change. */
  staple?(place: number, response: Uint8Array | undefined): void;
  /** Releases it; connections keep what they need of it. */
  free(): void;
}

/** A connection under TLS that we began. */
export interface ConnectedStream extends Stream {
  /** As that of {@linkcode AcceptedStream}. */
  handshake(): Promise<void>;
  /** PEM text of a certificate that is for another name. */
  readonly shownCertificate: string | undefined;
}

/** A connection under TLS. */
export interface AcceptedStream extends Duplex {
  /** Rejects with {@linkcode OpenSslError} when the library refuses the client, else with the platform's own error. */
  handshake(): Promise<void>;
  /** Only once the handshake is done, and before it is closed. */
  readonly facts: SslFacts;
}
