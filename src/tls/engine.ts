/**
 * What a TLS engine is to the rest of stud: it listens, and every client it accepts becomes, by its handshake, a
 * secure one, whose stream carries plaintext both ways and ends in order. Engines differ in what they can be asked
 * for; the option table knows which can do what.
 */

import type {
  Duplex,
  ListenAddress,
  ListenerOptions,
  SocketAddress,
  SocketPair,
  TlsLibraryName,
} from "../runtime/runtime.ts";
import type { CertificateAlgorithms } from "../x509/certificate_algorithms.ts";
import type { TlsDialer } from "./dialer.ts";
import type { Staple, TlsConfiguration } from "./tls_configuration.ts";

/** Where an engine listens. */
export interface TlsListenerOptions extends ListenerOptions {
  readonly address: ListenAddress;
  /** Share the port with other workers (SO_REUSEPORT). */
  readonly reusePort: boolean;
  /**
   * How many workers share the port, if the kernel is to bring each client, by its address, to the worker it
   * was at before: for engines whose workers do not know each other's sessions, and where connections are counted for
   * each client. Undefined: however it comes.
   */
  readonly steer?: number;
  /** An IPv6 network of 64 bits is a client then: connections are counted so. */
  readonly steersNetworks?: boolean;
}

/** Does TLS by one configuration: with clients, or with the backend (`dialer`). */
export interface TlsEngine {
  readonly name: TlsLibraryName;
  /** The library and its version, for the log. */
  readonly library: string;
  /** Why the library that was preferred to it cannot be opened; undefined: none was, or it can. */
  readonly missing?: string;
  /** A read gives one record at most, however many are there (see `ReadBuffers`). */
  readonly oneRecordPerRead: boolean;
  /** Where TLS goes to the backend: how it is begun. Clients then speak plaintext. */
  readonly dialer?: TlsDialer;
  /**
   * Has the library look at everything in the configuration. Rejects with {@linkcode StartupError}: the
   * library's reason, and the option or file that it does not take.
   */
  check(): Promise<void>;
  /** Staples other OCSP responses from now on; an engine without it staples none at all. */
  staple?(staples: readonly Staple[]): void;
  /**
   * Does what {@linkcode TlsEngine.listen} does before it opens a socket. Rejects with {@linkcode StartupError} when the
   * library refuses the configuration.
   */
  prepare(): Promise<void>;
  /** Rejects with {@linkcode StartupError} when the address or the configuration is refused. */
  listen(options: TlsListenerOptions): Promise<TlsListener>;
  /**
   * Finds out whether this engine can serve the clients of a listener that another one has opened, and gives
   * the function that has it do so: from its call on, clients whose handshake has not begun are served by this
   * engine's configuration. Undefined where it needs a listening socket of its own. Rejects with
   * {@linkcode StartupError} when the library refuses the configuration.
   */
  adopt(listener: TlsListener): Promise<(() => void) | undefined>;
  /**
   * Overwrites private keys that it needs for nothing but {@linkcode TlsEngine.listen}; before it is asked to listen
   * again they are told again. An engine without it overwrites them by itself, or needs them.
   */
  forgetKeys?(): void;
  /** Frees what it holds, unless a listener uses it: for an engine that is not wanted after all. */
  discard(): void;
}

/** Makes the engine that serves a configuration. Throws {@linkcode StartupError}: its library is missing. */
export type MakeEngine = (configuration: TlsConfiguration) => Promise<TlsEngine>;

/** A listening socket. */
export interface TlsListener {
  readonly address: SocketAddress;
  /** It accepts clients without being asked, and closes those for which it is not asked soon. */
  readonly acceptsUnasked?: boolean | undefined;
  /** As `StreamListener` has it. */
  readonly acceptsInTurn?: boolean | undefined;
  /** As `StreamListener` has it. */
  waiting?(): number;
  /** The next connection, before its handshake. Rejects with a {@linkcode PeerError}. */
  accept(): Promise<PendingClient>;
  close(): void;
}

/** Who a connection is with, for logs, limits and prefaces: from its accept until after its end. */
export interface Client {
  readonly pair: SocketPair;
  /**
   * The name the client asked for (SNI, RFC 6066 section 3), as soon as its ClientHello is there: a failed
   * handshake has one too. Undefined if it sent none, or if the library does not tell.
   */
  readonly serverName: string | undefined;
  /** What it sent instead of a name, if that can be no host's (`ClientHello.strangeName`): for logs alone. */
  readonly strangeName?: string | undefined;
  /** The client that its PROXY header is about; undefined if there was none, or if it names none. */
  readonly clientInHeader?: SocketAddress | undefined;
}

/**
 * A client whose handshake is still to be done, which makes it a {@linkcode SecureClient}. It owns the connection
 * afterwards too: `reset`, `unsent` and `close` are then those of the stream.
 */
export interface PendingClient extends Client, Pick<Duplex, "reset" | "unsent" | "close"> {
  /**
   * Reads a PROXY header (haproxy.org, proxy-protocol.txt) that comes in clear before the handshake. Rejects as
   * `handshake` does, at anything else, and waits as long. Undefined where the library itself reads from the
   * first octet on.
   */
  readProxyHeader?(): Promise<void>;
  /** The octets of that header. Only the first call has them: they may be many. */
  takeProxyHeader?(): Uint8Array | undefined;
  /**
   * Completes the handshake. Rejects with a {@linkcode PeerError} of kind `handshake` whose message is the
   * reason in an operator's words. It waits as long as the client does: deadlines are the caller's. `onHello`
   * is shown the ClientHello, if the engine sees it.
   */
  handshake(onHello?: OnHello): Promise<SecureClient>;
}

/** A client whose handshake is done, and what was agreed on with it. */
export interface SecureClient {
  /** Reads and writes are plaintext; `closeWrite` sends close_notify. */
  readonly stream: Duplex;
  /** Undefined if the library does not tell. To be asked for before the stream is closed. */
  readonly negotiated: Negotiated | undefined;
  /**
   * Why the client may not connect all the same, by the names in its certificate; undefined: it may. Undefined
   * too where the library knows no such rules.
   */
  admissionFault?(): string | undefined;
}

/**
 * Looks at a whole ClientHello that will be answered: the octets of the connection from the first on, record
 * headers included. They are its to read only until it returns. It must not throw.
 */
export type OnHello = (octets: Uint8Array) => void;

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
  /** How the certificate is made that the client was shown; undefined if nobody knows which one it was. */
  readonly certificate: CertificateAlgorithms | undefined;
  /** Undefined if the client showed none. */
  readonly clientCertificate: ClientCertificate | undefined;
}

/** A certificate that a client has shown, now or in the session it resumed. */
export interface ClientCertificate {
  readonly pem: string;
  /** The first common name of its subject, if it has one. */
  readonly commonName: string | undefined;
  /** OpenSSL's X509_V_ code; 0 if it was verified. */
  readonly verifyResult: number;
}
