/**
 * What a program may ask of `terminate()` and `close()`: the types alone. That a program without types keeps to them
 * is checked in check_options.ts.
 */

import type { ClientVerify, PrefaceKind, TlsLibraryName, TlsProtocol } from "../config/settings.ts";
import type { ConnectionReport } from "../log/access_line.ts";

/**
 * What to listen on, where to relay, and as whom. One of `pem`, `pemFile`, `pemDir` and `selfSigned` is needed,
 * unless TLS goes to the backend (`client`). An option that is undefined is as one that is left out. TLS is done
 * under Deno by its rustls unless an option needs OpenSSL, under Node by `node:tls`. The command prefers OpenSSL on Linux, for it does that on an event loop of its own,
 * which a program that is somebody else's cannot have.
 */
export interface TerminateOptions {
  /**
   * `HOST,PORT` or `[HOST]:PORT`, or several; port 0 lets the system choose. Default `*,8443`. With `+` and the
   * path of a PEM file behind it, a frontend has that certificate and no other. A {@linkcode LimitedFrontend} has
   * limits of its own.
   */
  readonly frontend?: string | LimitedFrontend | readonly (string | LimitedFrontend)[];
  /** `HOST,PORT`, `[HOST]:PORT` or the path of a unix socket. Default `127.0.0.1,8000`. */
  readonly backend?: string;
  /**
   * The other way round: plaintext comes in, TLS goes to the backend, whose certificate is verified. `pem` or
   * `pemFile` is then shown to a backend that asks for a certificate. Default false.
   */
  readonly client?: boolean;
  /**
   * With `client`: path of a PEM file with the authorities that the backend's certificate must be from. Under Deno
   * it needs OpenSSL, since rustls trusts those of the whole program besides. Otherwise the machine's; rustls
   * trusts whom the program trusts.
   */
  readonly backendCa?: string;
  /** With `client`: the DNS name or IP address that certificate must be for. Default: the backend's host. */
  readonly backendName?: string;
  /** With `client`: false believes anybody. Default true. */
  readonly backendVerify?: boolean;
  /**
   * PEM: certificate, chain and private key, as text or as bytes (a Buffer is a Uint8Array). It takes the place of
   * all options that name files of certificates and keys.
   */
  readonly pem?: string | Uint8Array;
  /** Path of a file with such text, or several: the last one is for clients that ask for no name. */
  readonly pemFile?: string | readonly string[];
  /** Path of a directory of such files. */
  readonly pemDir?: string;
  /** Paths of files with the keys of certificates whose own files have none. */
  readonly privateKeyFile?: string | readonly string[];
  /** The DNS name or IP address for a certificate made in memory, for trials; true: `localhost`. Default false. */
  readonly selfSigned?: string | boolean;
  /**
   * `rustls` and `openssl` are Deno's, `node` is Node's. Default `auto`: rustls until an option or a certificate needs
   * OpenSSL.
   */
  readonly tlsLibrary?: "auto" | TlsLibraryName;
  /** Default TLS 1.2 and 1.3. */
  readonly tlsProtocols?: readonly TlsProtocol[];
  /** OpenSSL's cipher list for TLS 1.2 and older. */
  readonly ciphers?: string;
  /** OpenSSL's list of TLS 1.3 cipher suites. */
  readonly ciphersuites?: string;
  /** OpenSSL's list of groups. */
  readonly ecdhCurve?: string;
  /** Choose the cipher by the server's order. Default false. */
  readonly preferServerCiphers?: boolean;
  /** By preference (RFC 7301); a client that offers others only is refused. */
  readonly alpnProtocols?: readonly string[];
  /** Refuse clients that ask for a name which no certificate is for. Default false. */
  readonly sniNomatchAbort?: boolean;
  /** Whether clients must show a certificate. Default `none`. */
  readonly clientVerify?: ClientVerify;
  /** Path of a file with the authorities that such certificates must be from. */
  readonly clientVerifyCa?: string;
  /** Path of a file with the revocation lists of these authorities. */
  readonly clientVerifyCrl?: string;
  /**
   * Common names, one or more: only clients whose certificate has one of them, or of `allowSan`, may connect. Needs
   * `clientVerify: "required"`.
   */
  readonly allowCn?: string | readonly string[];
  /** The same with alternative names: `DNS:NAME`, where `*` may stand for the first label, `URI:URI`, `email:ADDRESS`. */
  readonly allowSan?: string | readonly string[];
  /** Path of a file with the secret that ticket keys are derived from. */
  readonly ticketSecretFile?: string;
  /**
   * What the backend reads first. `proxy-proxy`: a PROXY header that every client sends before its TLS handshake.
   * Default `none`.
   */
  readonly preface?: PrefaceKind;
  /** With `proxy-v2`: tell what the TLS handshake agreed on. Default true. */
  readonly proxyTlv?: boolean;
  /** With `proxy-v2`: tell the server name that the client asked for. Default true. */
  readonly proxyAuthority?: boolean;
  /** With `proxy-v2`: pass on the client's certificate. Default false. */
  readonly proxyClientCert?: boolean;
  /** listen(2); Linux only. Default 100. */
  readonly backlog?: number;
  /**
   * Unfinished handshakes at most; more clients wait in the kernel's queue, and the oldest handshake that has taken
   * more than 2 seconds gives way. Not under Node. Default 256.
   */
  readonly maxHandshakes?: number;
  /**
   * Connections open at a time; more clients wait in the kernel's queue, or take the place of a handshake that has
   * taken more than 0.25 seconds. Default 0: no limit.
   */
  readonly maxConnections?: number;
  /**
   * Connections that each client (an IPv4 address, or an IPv6 network of 64 bits; with `proxy-proxy` the one in the
   * PROXY header) may have open at a time; more are reset before TLS begins. Default 0: no limit.
   */
  readonly maxConnectionsPerClient?: number;
  /** Seconds until an idle client is probed (TCP_KEEPIDLE); Linux only. Default 3600. */
  readonly keepalive?: number;
  /** TCP Fast Open for clients (RFC 7413); Linux only, not under Node. Default false. */
  readonly tcpFastOpen?: boolean;
  /** Octets of a client connection's receive buffer (SO_RCVBUF); Linux only, not under Node. */
  readonly receiveBuffer?: number;
  /** Octets of its send buffer (SO_SNDBUF), likewise. */
  readonly sendBuffer?: number;
  /** Seconds between look-ups of the backend's host name. Default 0: at the start only. */
  readonly backendRefresh?: number;
  /** Seconds. Default 30. */
  readonly handshakeTimeout?: number;
  /** Seconds. Default 30. */
  readonly backendConnectTimeout?: number;
  /** Seconds without progress after one side has ended. Default 30. */
  readonly lingerTimeout?: number;
  /** Seconds that a peer may leave waiting data untaken; 0 means for ever. Default 300. */
  readonly stallTimeout?: number;
  /** Told of each connection when it has ended, however that was. What it throws, or rejects with, is ignored. */
  readonly onConnection?: (connection: ConnectionReport) => void;
}

/** A frontend with limits of its own, besides what holds for all. */
export interface LimitedFrontend {
  /** As a frontend without limits is written. */
  readonly address: string;
  /** See {@linkcode TerminateOptions}. */
  readonly maxHandshakes?: number;
  readonly maxConnections?: number;
  readonly maxConnectionsPerClient?: number;
}

/** How {@linkcode Terminator.close} treats the clients that are still there. */
export interface CloseOptions {
  /** Seconds they may go on, at most a week. Default 30; 0 resets them at once. */
  readonly drainTimeout?: number;
}
