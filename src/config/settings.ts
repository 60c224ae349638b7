/**
 * The typed outcome of the command line and the configuration file: what the operator asked for, before
 * anything on this machine was looked at. Host names, service names, users and files are still text.
 */

import type { ClientName } from "../x509/client_name.ts";

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
export type PrefaceKind = "none" | "ip" | "proxy-v1" | "proxy-v2" | "proxy-proxy";

/** What a PROXY header of version 2 tells besides addresses and ALPN. */
export interface ProxyV2Parts {
  /** What the TLS handshake agreed on. */
  readonly tlv: boolean;
  /** The server name that the client asked for. */
  readonly authority: boolean;
  readonly clientCertificate: boolean;
}

/** The TLS engines there are: rustls and the host's OpenSSL under Deno, `node:tls` under Node. */
export type TlsLibraryName = "rustls" | "openssl" | "node";

/** Which TLS engine terminates, and why that one. */
export interface TlsLibrary {
  readonly name: TlsLibraryName;
  /** The engine on a machine where that one cannot be opened; undefined: stud does not start there. */
  readonly orElse?: "rustls";
  /** The engine for certificates that this one cannot serve; undefined: the operator insists on this one. */
  readonly orBetter?: "openssl";
  /** The option that asked for it, as the operator wrote it; undefined: nothing needs OpenSSL. */
  readonly because: string | undefined;
}

/** Protocol versions by the names that operators write, the oldest first. */
export const TLS_PROTOCOLS = ["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;

/** One of `TLS_PROTOCOLS`. */
export type TlsProtocol = typeof TLS_PROTOCOLS[number];

/** How lines of the access log are written. */
export type AccessLogFormat = "text" | "json";

/** Whether a client must show a certificate: never asked, verified if shown, or required. */
export type ClientVerify = "none" | "optional" | "required";

/** One certificate as the operator listed it. All are paths. */
export interface PemFileSetting {
  readonly certificate: string;
  /** A file, or a `pkcs11:` URI; undefined: in the same file, or in one of `privateKeys`. */
  readonly privateKey?: string;
  readonly ocspResponse?: string;
  /** Verify the signature of its stored or named OCSP response too; instead of the general setting. */
  readonly ocspVerifyStaple?: boolean;
  /** Instead of the general setting. */
  readonly clientVerify?: ClientVerify;
  /** Instead of the general setting. */
  readonly clientVerifyCa?: string;
  /** Instead of the general setting. */
  readonly clientVerifyCrl?: string;
  /** Instead of the general setting. */
  readonly allowedClients?: readonly ClientName[];
}

/** TLS to the backend, as asked for (`--client`). */
export interface BackendTlsSetting {
  /** Path of a file with the authorities; undefined: those that the machine trusts. */
  readonly ca: string | undefined;
  /** The DNS name or IP address its certificate is for; undefined only if nothing is verified. */
  readonly name: string | undefined;
  readonly verify: boolean;
}

/** What may differ from frontend to frontend. */
export interface TlsSettings {
  /** In the order listed; empty only if certificates come from elsewhere, or with `backendTls`. */
  readonly pemFiles: readonly PemFileSetting[];
  /** At least one, the oldest first. */
  readonly tlsProtocols: readonly TlsProtocol[];
  readonly ciphers: string | undefined;
  readonly ciphersuites: string | undefined;
  readonly preferServerCiphers: boolean;
  readonly clientVerify: ClientVerify;
  /** Path. */
  readonly clientVerifyCa: string | undefined;
  /** Path. */
  readonly clientVerifyCrl: string | undefined;
  /** Who may connect; undefined: whose certificate is good. Never empty. */
  readonly allowedClients: readonly ClientName[] | undefined;
  readonly sniNomatchAbort: boolean;
}

/** The settings of one frontend, complete: what its block does not say is as it is in general. */
export interface FrontendTls extends TlsSettings {
  /** Serve the general certificates after its own. Says nothing where `pemFiles` are the general ones. */
  readonly matchGlobalCerts: boolean;
}

/** What a frontend's block limits for it alone; undefined: nothing, or what the general limit says. */
export interface FrontendLimits {
  readonly maxHandshakes: number | undefined;
  readonly maxConnections: number | undefined;
  readonly maxConnectionsPerClient: number | undefined;
}

/** One frontend. */
export interface FrontendSettings {
  readonly address: TcpAddress;
  /** Undefined: none of its own. */
  readonly limits?: FrontendLimits;
  /** Undefined: the general settings. `pemFiles` is the very array of these if it has none of its own. */
  readonly tls: FrontendTls | undefined;
}

/** Whose habits stud has where stud and hitch differ: its own, or hitch's. */
export type Compat = "none" | "hitch";

/**
 * Everything `stud` can be told in one run. `pemFiles` is empty only with `selfSigned` or `pemDir`, or where
 * every frontend has certificates of its own.
 */
export interface Settings extends TlsSettings {
  /** What differs in the values themselves has been settled; this is for the rest. */
  readonly compat: Compat;
  /** Lines the operator should read; none of them stops the start. */
  readonly warnings: readonly string[];
  readonly frontends: readonly FrontendSettings[];
  /** Whether they are other than the default. */
  readonly frontendsGiven: boolean;
  readonly backend: TcpAddress | UnixAddress;
  /** Undefined: TLS comes in from clients, and the backend is sent plaintext. */
  readonly backendTls: BackendTlsSetting | undefined;
  /** Directory whose files are PEM files too, after `pemFiles`, by name. */
  readonly pemDir: string | undefined;
  /** glob(7) pattern for the names of files in `pemDir`. */
  readonly pemDirGlob: string | undefined;
  /** Files (or `pkcs11:` URIs) with the keys of certificates whose own files have none. */
  readonly privateKeys: readonly string[];
  /** The DNS name or IP address for a certificate made in memory, or undefined. */
  readonly selfSigned: string | undefined;
  /** Read certificates again when their files change. */
  readonly watch: boolean;
  readonly tlsLibrary: TlsLibrary;
  /** OpenSSL list of groups; undefined: the library chooses. */
  readonly groups: string | undefined;
  /** Id of an OpenSSL engine. */
  readonly sslEngine: string | undefined;
  readonly alpnProtocols: readonly string[];
  /** Directory of stored OCSP responses; empty: none are stored, nor fetched. */
  readonly ocspDir: string;
  /** Verify the signatures of stored and named OCSP responses too. */
  readonly ocspVerifyStaple: boolean;
  /** Seconds for an OCSP responder to answer. */
  readonly ocspResponseTimeout: number;
  /** Seconds for a connection to an OCSP responder. */
  readonly ocspConnectTimeout: number;
  /** Seconds after which an OCSP response is fetched anew, at the latest. */
  readonly ocspRefreshInterval: number;
  /** Path of the file with the secret that ticket keys are derived from; undefined: one is made. */
  readonly ticketSecret: string | undefined;
  /** Sessions that stud and hitch would keep; stud keeps none, 0 if the operator did not ask. */
  readonly sharedCache: number;
  /** Send a client to the worker it was at before. */
  readonly steerByClient: boolean;
  readonly workers: number | "auto";
  /** Process id, or path of a file with one: whose place to take. */
  readonly takeover: string | undefined;
  readonly backlog: number;
  /** Handshakes with clients that a worker may have under way. */
  readonly maxHandshakes: number;
  /** Connections open in all workers together; 0: any number. */
  readonly maxConnections: number;
  /** The same for each client. */
  readonly maxConnectionsPerClient: number;
  /** Seconds a client connection is idle before the kernel probes it (TCP_KEEPIDLE). */
  readonly keepalive: number;
  /** TCP_FASTOPEN for clients. */
  readonly tcpFastOpen: boolean;
  /** Octets (SO_RCVBUF) of a client connection; 0: the system's choice. */
  readonly receiveBuffer: number;
  /** Octets (SO_SNDBUF), likewise. */
  readonly sendBuffer: number;
  /** Seconds between look-ups of the backend's name; 0: at the start only. */
  readonly backendRefresh: number;
  readonly preface: PrefaceKind;
  readonly proxyV2: ProxyV2Parts;
  readonly chroot: string | undefined;
  readonly user: string | undefined;
  readonly group: string | undefined;
  /** Confine workers once they serve, where the platform can. */
  readonly sandbox: boolean;
  /** The least important lines that are logged. */
  readonly logLevel: "error" | "info" | "debug";
  /** Path of the file that the log goes to, instead of the standard streams. */
  readonly logFile: string | undefined;
  readonly daemon: boolean;
  /** Path. */
  readonly pidFile: string | undefined;
  /** Path of the file that is told where stud listens. */
  readonly listenReport: string | undefined;
  readonly syslog: boolean;
  readonly syslogFacility: string;
  /** Path of the access log, `-` for standard output; undefined: there is none. */
  readonly accessLog: string | undefined;
  readonly accessLogFormat: AccessLogFormat;
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
  /** Seconds that a worker may be silent; 0 means for ever. */
  readonly workerTimeout: number;
}

/** How much workers are still allowed once they serve. */
export interface SandboxSetting {
  /** To connect to unix sockets. */
  readonly unixSockets: boolean;
  /** What a library needs that drives a token with keys (PKCS #11), or whatever an OpenSSL engine is for. */
  readonly token: boolean;
}

/** Shells that stud writes a completion for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of `SHELLS`. */
export type Shell = typeof SHELLS[number];

/** What the command line asks the program to do. */
export type Command =
  | { readonly action: "run" | "test"; readonly settings: Settings }
  | { readonly action: "version" | "default-config"; readonly compat: Compat }
  | { readonly action: "completion"; readonly compat: Compat; readonly shell: Shell }
  /** The topic is what the operator wrote; undefined: none. */
  | { readonly action: "help"; readonly compat: Compat; readonly topic: string | undefined };
