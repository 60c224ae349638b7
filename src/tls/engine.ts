/**
 * What a TLS engine is to the rest of stud: it listens, and every connection it accepts does its handshake,
 * carries plaintext both ways and ends in order. Engines differ in what they can be asked for; the option
 * table knows which can do what.
 */

import type {
  Duplex,
  ListenAddress,
  SocketAddress,
  SocketPair,
  TlsLibraryName,
} from "../runtime/runtime.ts";
import type { TlsConfiguration } from "./tls_configuration.ts";

/** Where an engine listens. */
export interface TlsListenerOptions {
  readonly address: ListenAddress;
  /** Share the port with other workers (SO_REUSEPORT). */
  readonly reusePort: boolean;
  /** listen(2) backlog. */
  readonly backlog: number;
  /** TCP_KEEPIDLE on accepted connections, seconds. */
  readonly keepalive: number;
  /**
   * How many workers share the port, if the kernel is to bring each client, by its address, to the worker it
   * was at before: for engines whose workers do not know each other's sessions. Undefined: however it comes.
   */
  readonly steer?: number;
}

/** Terminates TLS by one configuration. */
export interface TlsEngine {
  readonly name: TlsLibraryName;
  /** The library and its version, for the log. */
  readonly library: string;
  /** A read gives one record at most, however many are there (see `ReadBuffers`). */
  readonly oneRecordPerRead: boolean;
  /**
   * Has the library look at everything in the configuration. Rejects with {@linkcode StartupError}: the
   * library's reason, and the option or file that it does not take.
   */
  check(): Promise<void>;
  /** Rejects with {@linkcode StartupError} when the address or the configuration is refused. */
  listen(options: TlsListenerOptions): Promise<TlsListener>;
}

/** Makes the engine that serves a configuration. Throws {@linkcode StartupError}: its library is missing. */
export type MakeEngine = (configuration: TlsConfiguration) => TlsEngine;

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
   * The name the client asked for (SNI, RFC 6066 section 3), as soon as its ClientHello is there: a failed
   * handshake has one too. Undefined if it sent none, or if the library does not tell.
   */
  readonly serverName: string | undefined;
  /** What was agreed on; undefined before the handshake is done, or if the library does not tell. */
  readonly negotiated: Negotiated | undefined;
  /**
   * Completes the handshake. Rejects with a {@linkcode PeerError} of kind `handshake` whose message is the
   * reason in an operator's words. It waits as long as the client does: deadlines are the caller's.
   */
  handshake(): Promise<void>;
}

/** What a handshake agreed on. */
export interface Negotiated {
  /** `TLSv1.3`, `TLSv1.2`, `TLSv1.1` or `TLSv1`. */
  readonly protocol: string;
  /** OpenSSL's name of the cipher. */
  readonly cipher: string;
  /** The key exchange group, for example `x25519`; undefined without one (RSA key exchange, resumption). */
  readonly group: string | undefined;
  /** RFC 7301; undefined if none was agreed on. */
  readonly alpn: string | undefined;
  /** Whether an earlier session was resumed. */
  readonly resumed: boolean;
  /** Undefined if the client showed none. */
  readonly clientCertificate: ClientCertificate | undefined;
}

/** A certificate that a client has shown, now or in the session it resumed. */
export interface ClientCertificate {
  readonly pem: string;
  /** OpenSSL's X509_V_ code; 0 if it was verified. */
  readonly verifyResult: number;
}
