/**
 * What a TLS engine is to the rest of stud: it listens, and every connection it accepts does its handshake,
 * carries plaintext both ways and ends in order. Engines differ in what they can be asked for; the option
 * table knows which can do what.
 */

import type { Duplex, SocketAddress, SocketPair } from "../runtime/runtime.ts";

/** PEM text of one certificate with its chain (leaf first), and of its private key. */
export interface CertificateAndKey {
  readonly certificateChain: string;
  readonly privateKey: string;
}

/** Where and as whom an engine listens. */
export interface TlsListenerOptions extends CertificateAndKey {
  readonly address: SocketAddress;
  /** Share the port with other workers (SO_REUSEPORT). */
  readonly reusePort: boolean;
  /** listen(2) backlog. */
  readonly backlog: number;
  /** TCP_KEEPIDLE on accepted connections, seconds. */
  readonly keepalive: number;
}

/** Makes TLS listeners. */
export interface TlsEngine {
  readonly name: "rustls" | "openssl" | "node";
  /**
   * Throws an error whose message is the library's reason when it cannot serve this certificate with this key:
   * a kind of key that it does not take, or a key too short for it.
   */
  check(certificate: CertificateAndKey): void;
  /** Throws {@linkcode StartupError} when the address or the certificate is refused. */
  listen(options: TlsListenerOptions): TlsListener;
}

/** A listening socket. */
export interface TlsListener {
  readonly address: SocketAddress;
  /** The next connection, before its handshake. Rejects with a {@linkcode PeerError}. */
  accept(): Promise<TlsConnection>;
  close(): void;
}

/** One client. Reads and writes are plaintext; `closeWrite` sends close_notify. */
export interface TlsConnection extends Duplex {
  readonly pair: SocketPair;
  /**
   * Completes the handshake. Rejects with a {@linkcode PeerError} of kind `handshake` whose message is the
   * reason in an operator's words. It waits as long as the client does: deadlines are the caller's.
   */
  handshake(): Promise<void>;
}
