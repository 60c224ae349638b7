/**
 * The interface of a TLS engine. It listens, and the handshake turns every accepted client into a secure one,
 * whose stream carries plaintext both ways and ends in order. Engines differ in what they support; the option
 * table says which supports what.
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
import type { ServedTerms } from "./handshake_advice.ts";
import type { Staple, TlsConfiguration } from "./tls_configuration.ts";

/** Where an engine listens. */
export interface TlsListenerOptions extends ListenerOptions {
  readonly address: ListenAddress;
  /** Share the port with other workers (SO_REUSEPORT). */
  readonly reusePort: boolean;
  /** See `ListenOptions`. */
  readonly listeners?: number | undefined;
  /**
   * Number of workers that share the port, if the kernel should send each client, by its address, to the same
   * worker as before. Used by engines whose workers do not share sessions, and if connections are counted per
   * client. Undefined: the kernel decides.
   */
  readonly steer?: number;
  /** Treat an IPv6 network of 64 bits as one client when steering, because connections are counted like that. */
  readonly steersNetworks?: boolean;
}

/** Does TLS by one configuration: with clients, or with the backend (`dialer`). */
export interface TlsEngine {
  readonly name: TlsLibraryName;
  /** The library and its version, for the log. */
  readonly library: string;
  /** Why the preferred library could not be opened. Undefined: this is the preferred one, or no other was preferred. */
  readonly missing?: string;
  /** What it serves, for messages about clients that offer something else; undefined if no client does TLS. */
  readonly terms?: ServedTerms;
  /** A read returns at most one record, however many are available (see `ReadBuffers`). */
  readonly oneRecordPerRead: boolean;
  /** Opens TLS connections to the backend, if TLS goes there. Clients then use plaintext. */
  readonly dialer?: TlsDialer;
  /**
   * Checks the whole configuration with the library. Rejects with {@linkcode StartupError}, which has the
   * library's reason and the option or file that it refuses.
   */
  check(): Promise<void>;
  /** Staples these OCSP responses from now on. An engine without this function cannot staple. */
  staple?(staples: readonly Staple[]): void;
  /**
   * Does the part of {@linkcode TlsEngine.listen} before a socket is opened. Rejects with {@linkcode StartupError}
   * if the library refuses the configuration.
   */
  prepare(): Promise<void>;
  /** Rejects with {@linkcode StartupError} if the address or the configuration is refused. */
  listen(options: TlsListenerOptions): Promise<TlsListener>;
  /**
   * Checks whether this engine can serve the clients of a listener that another engine has opened. If so, it
   * resolves with the function that makes the switch: from that call on, clients whose handshake has not begun are
   * served by this engine's configuration. Undefined: it needs a listening socket of its own. Rejects with
   * {@linkcode StartupError} if the library refuses the configuration.
   */
  adopt(listener: TlsListener): Promise<(() => void) | undefined>;
  /**
   * Overwrites private keys that are needed only for {@linkcode TlsEngine.listen}. They must be passed in again
   * before the next call of it. An engine without this function overwrites them itself, or needs them.
   */
  forgetKeys?(): void;
  /** Frees what it holds, unless a listener uses it. For an engine that is not needed after all. */
  discard(): void;
}

/** Creates the engine for a configuration. Rejects with {@linkcode StartupError} if its library is missing. */
export type MakeEngine = (configuration: TlsConfiguration) => Promise<TlsEngine>;

/** A listening socket. */
export interface TlsListener {
  readonly address: SocketAddress;
  /** It accepts clients without being asked, and soon closes those that nothing asks for. */
  readonly acceptsUnasked?: boolean | undefined;
  /** See `StreamListener`. */
  readonly acceptsInTurn?: boolean | undefined;
  /** See `StreamListener`. */
  waiting?(): number;
  /** The next connection, before its handshake. Rejects with a {@linkcode PeerError}. */
  accept(): Promise<PendingClient>;
  close(): void;
}

/** The other side of a connection, for logs, limits and prefaces. Valid from its accept until after its end. */
export interface Client {
  readonly pair: SocketPair;
  /**
   * The name the client asked for (SNI, RFC 6066 section 3), as soon as its ClientHello has arrived, also if the
   * handshake then fails. Undefined if it sent none, or if the library does not report it.
   */
  readonly serverName: string | undefined;
  /** The value it sent as a name, if that cannot be a host name (`ClientHello.strangeName`). Only for logs. */
  readonly strangeName?: string | undefined;
  /** The client address in its PROXY header; undefined without a header, or if the header has no address. */
  readonly clientInHeader?: SocketAddress | undefined;
  /**
   * What {@linkcode OnHello} receives, once a handshake has failed that came so far. Undefined otherwise, and if the
   * engine sees no hellos.
   */
  readonly failedHello?: Uint8Array | undefined;
}

/**
 * A client whose handshake is not done yet; the handshake makes it a {@linkcode SecureClient}. It owns the
 * connection afterwards too: `reset`, `unsent` and `close` are then those of the stream.
 */
export interface PendingClient extends Client, Pick<Duplex, "reset" | "unsent" | "close"> {
  /**
   * Reads a PROXY header (haproxy.org, proxy-protocol.txt) that comes in clear before the handshake. On anything
   * else it rejects as `handshake` does, and it waits as long. Undefined if the library itself reads from the
   * first byte on.
   */
  readProxyHeader?(): Promise<void>;
  /** The bytes of that header. Only the first call returns them: they may be many. */
  takeProxyHeader?(): Uint8Array | undefined;
  /**
   * Completes the handshake. Rejects with a {@linkcode PeerError} of kind `handshake`, with a message for
   * operators and a code (handshake_reasons.ts). It waits as long as the client does: deadlines are the caller's job.
   * `onHello` receives the ClientHello if the engine sees it, `onChosen` the certificates that were chosen for it.
   */
  handshake(onHello?: OnHello, onChosen?: OnChosen): Promise<SecureClient>;
}

/** A client whose handshake is done, and what was negotiated with it. */
export interface SecureClient {
  /** Reads and writes are plaintext; `closeWrite` sends close_notify. */
  readonly stream: Duplex;
  /** Undefined if the library does not report it. Read it before the stream is closed. */
  readonly negotiated: Negotiated | undefined;
  /**
   * Why the names in its certificate do not allow the client to connect. Undefined if they do, or if the library
   * does not support such rules.
   */
  admissionFault?(): string | undefined;
}

/**
 * Called with a whole ClientHello that will be answered: the connection's bytes from the first on, record headers
 * included. It may read them only until it returns, and must not throw.
 */
export type OnHello = (bytes: Uint8Array) => void;

/** Called with the certificates among which the client's ciphers decide, described for operators. Must not throw. */
export type OnChosen = (certificates: string) => void;

/** The result of a handshake. */
export interface Negotiated {
  /** `TLSv1.3`, `TLSv1.2`, `TLSv1.1` or `TLSv1`. */
  readonly protocol: string;
  /** OpenSSL's name for the cipher. */
  readonly cipher: string;
  /** The key exchange group, for example `x25519`; undefined without one (RSA key exchange, resumption). */
  readonly group: string | undefined;
  /** RFC 7301; undefined if none was negotiated. */
  readonly alpn: string | undefined;
  /** Whether an earlier session was resumed. */
  readonly resumed: boolean;
  /** The algorithms of the certificate that the client received; undefined if it is not known which one that was. */
  readonly certificate: CertificateAlgorithms | undefined;
  /** Undefined if the client sent none. */
  readonly clientCertificate: ClientCertificate | undefined;
}

/** A certificate that a client has sent, now or in the session it resumed. */
export interface ClientCertificate {
  readonly pem: string;
  /** The first common name of its subject, if it has one. */
  readonly commonName: string | undefined;
  /** OpenSSL's X509_V_ code; 0 if it was verified. */
  readonly verifyResult: number;
}
