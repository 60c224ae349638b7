/**
 * The options of `terminate()` and `close()`: types only. check_options.ts checks them for programs without types.
 */

import type {
  ClientVerify,
  ConnectionLimits,
  EngineSettings,
  PrefaceKind,
  SocketSettings,
  Timeouts,
  TlsLibraryName,
  TlsProtocol,
} from "../config/settings.ts";
import type { ConnectionReport } from "../log/access_line.ts";

/**
 * Where to listen, where to relay, and with which certificate. One of `pem`, `pemFile`, `pemDir` and `selfSigned` is
 * required, unless TLS goes to the backend (`client`). An undefined option is the same as a missing one.
 *
 * TLS is done by Deno's rustls unless an option needs OpenSSL, and under Node by `node:tls`. The command prefers
 * OpenSSL on Linux because it can run OpenSSL on its own event loop. A library cannot, because the program owns the
 * event loop.
 */
export interface TerminateOptions
  extends
    Partial<SocketSettings>,
    Partial<ConnectionLimits>,
    Partial<Omit<EngineSettings, "protocols" | "groups" | "sslEngine">>,
    TimeoutOptions {
  /**
   * One or more of `HOST,PORT` or `[HOST]:PORT`. With port 0 the system chooses a free port. Default `*,8443`. With
   * `+` and the path of a PEM file at the end, the frontend serves only that certificate. A
   * {@linkcode LimitedFrontend} has its own limits.
   */
  readonly frontend?: string | LimitedFrontend | readonly (string | LimitedFrontend)[];
  /** `HOST,PORT`, `[HOST]:PORT` or the path of a unix socket. Default `127.0.0.1,8000`. */
  readonly backend?: string;
  /**
   * Reverse the direction: accept plaintext and use TLS to the backend, whose certificate is verified. `pem` or
   * `pemFile` is then the client certificate, sent if the backend asks for one. Default false.
   */
  readonly client?: boolean;
  /**
   * With `client`: path of a PEM file with the only authorities that may sign the backend's certificate. Under Deno
   * it needs OpenSSL, because rustls always trusts the program's authorities too. Default: the authorities that the
   * machine trusts, with rustls those that the program trusts.
   */
  readonly backendCa?: string;
  /**
   * With `client`: the DNS name or IP address that the backend's certificate must be for. Default: the backend's host.
   */
  readonly backendName?: string;
  /** With `client`: false disables certificate verification. Default true. */
  readonly backendVerify?: boolean;
  /**
   * PEM with certificate, chain and private key, as text or as bytes (a Buffer is a Uint8Array). It replaces all
   * options that name files with certificates and keys.
   */
  readonly pem?: string | Uint8Array;
  /** Path of a PEM file, or several. Clients without SNI, or with an unknown name, get the last one. */
  readonly pemFile?: string | readonly string[];
  /** Path of a directory of PEM files. */
  readonly pemDir?: string;
  /** Paths of private keys, for certificates whose PEM files hold none. */
  readonly privateKeyFile?: string | readonly string[];
  /** The DNS name or IP address for a certificate made in memory, for tests; true: `localhost`. Default false. */
  readonly selfSigned?: string | boolean;
  /**
   * `rustls` and `openssl` are Deno's, `node` is Node's. Default `auto`: rustls until an option or a certificate needs
   * OpenSSL.
   */
  readonly tlsLibrary?: "auto" | TlsLibraryName;
  /** Default TLS 1.2 and 1.3. */
  readonly tlsProtocols?: readonly TlsProtocol[];
  /** OpenSSL's list of groups. */
  readonly ecdhCurve?: string;
  /** Whether clients must show a certificate. Default `none`. */
  readonly clientVerify?: ClientVerify;
  /** Path of a file with the authorities that sign clients' certificates. */
  readonly clientVerifyCa?: string;
  /** Path of a file with the revocation lists of these authorities. */
  readonly clientVerifyCrl?: string;
  /**
   * Common names, one or more. Only clients whose certificate has one of them, or one of `allowSan`, may connect.
   * Needs `clientVerify: "required"`.
   */
  readonly allowCn?: string | readonly string[];
  /** The same for alternative names: `DNS:NAME`, where `*` may replace the first label, `URI:URI`, `email:ADDRESS`. */
  readonly allowSan?: string | readonly string[];
  /** Path of a file with the secret from which ticket keys are derived. */
  readonly ticketSecretFile?: string;
  /**
   * What the backend receives before the plaintext. `proxy-proxy`: the PROXY header that every client must send before
   * its TLS handshake.
   * Default `none`.
   */
  readonly preface?: PrefaceKind;
  /** With `proxy-v2`: add what the TLS handshake agreed on. Default true. */
  readonly proxyTlv?: boolean;
  /** With `proxy-v2`: add the server name that the client asked for (SNI). Default true. */
  readonly proxyAuthority?: boolean;
  /** With `proxy-v2`: add the client's certificate. Default false. */
  readonly proxyClientCert?: boolean;
  /** Seconds between lookups of the backend's host name. Default 0: only once, at the start. */
  readonly backendRefresh?: number;
  /** Called for each connection after it has ended, for any reason. Its exceptions and rejections are ignored. */
  readonly onConnection?: (connection: ConnectionReport) => void;
}

/** Timeouts in seconds: `handshakeTimeout` and so on. */
export type TimeoutOptions = {
  readonly [Name in keyof Timeouts as Name extends "drain" | "worker" ? never : `${Name}Timeout`]?:
    Timeouts[Name];
};

/** A frontend with its own limits, in addition to the global ones. */
export interface LimitedFrontend extends Partial<ConnectionLimits> {
  /** Written like a frontend without limits. */
  readonly address: string;
}

/** How {@linkcode Terminator.close} treats open connections. */
export interface CloseOptions {
  /** Seconds that they may continue, max a week. Default 30; 0 resets them immediately. */
  readonly drainTimeout?: number;
}
