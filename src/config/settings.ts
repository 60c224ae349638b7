/**
 * The typed outcome of the command line and the configuration file: what the operator asked for, before
 * anything on this machine was looked at. Host names, service names, users and files are still text.
 */

/** `HOST` and `PORT` as written. An empty host or `*` means every address; the port may be a service name. */
export interface TcpAddress {
  readonly kind: "tcp";
  /** IPv4 or IPv6 text without brackets, a host name, or `*`. */
  readonly host: string;
  /** A decimal port, or a name from services(5). */
  readonly port: string;
}

/** A unix stream socket, by absolute path. Under a chroot the path is looked up inside it. */
export interface UnixAddress {
  readonly kind: "unix";
  readonly path: string;
}

/** What the backend sees before the first octet of plaintext. */
export type PrefaceKind = "none" | "ip" | "proxy-v1";

/** Which TLS engine terminates. `auto` is rustls unless an option needs OpenSSL. */
export type TlsLibrary = "auto" | "rustls" | "openssl";

/** Everything `stud` can be told in one run. */
export interface Settings {
  readonly frontends: readonly TcpAddress[];
  readonly backend: TcpAddress | UnixAddress;
  /** Paths of PEM files with certificate, chain and private key; empty only with `selfSigned`. */
  readonly pemFiles: readonly string[];
  /** The DNS name or IP address for a certificate made in memory, or undefined. */
  readonly selfSigned: string | undefined;
  readonly tlsLibrary: TlsLibrary;
  readonly workers: number | "auto";
  readonly backlog: number;
  /** Seconds a client connection is idle before the kernel probes it (TCP_KEEPIDLE). */
  readonly keepalive: number;
  readonly preface: PrefaceKind;
  readonly chroot: string | undefined;
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly quiet: boolean;
  readonly syslog: boolean;
  readonly syslogFacility: string;
  /** Seconds. */
  readonly handshakeTimeout: number;
  /** Seconds. */
  readonly backendConnectTimeout: number;
  /** Seconds that open connections may go on after TERM. */
  readonly drainTimeout: number;
  /** Seconds without progress that one side may hold a connection whose other side has ended. */
  readonly lingerTimeout: number;
  /** Seconds that a peer may leave waiting data untaken; 0 means for ever. */
  readonly stallTimeout: number;
}

/** What the command line asks the program to do. */
export type Command =
  | { readonly action: "run" | "test"; readonly settings: Settings }
  | { readonly action: "help" | "version" | "default-config" };
