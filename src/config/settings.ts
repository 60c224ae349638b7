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

/** What the backend is sent before the plaintext. All but `kind` are about version 2 of the PROXY protocol. */
export interface PrefaceSettings {
  readonly kind: PrefaceKind;
  /** What the TLS handshake agreed on. */
  readonly tlv: boolean;
  /** The server name that the client asked for. */
  readonly authority: boolean;
  readonly clientCertificate: boolean;
}

/** What the kernel is told of sockets that clients connect to. */
export interface SocketSettings {
  /** listen(2); Linux only. Default 100. */
  readonly backlog: number;
  /** Seconds until an idle client is probed (TCP_KEEPIDLE); Linux only. Default 3600. */
  readonly keepalive: number;
  /** TCP Fast Open for clients (RFC 7413); Linux only, not under Node. Default false. */
  readonly tcpFastOpen: boolean;
  /**
   * Size in bytes of a client connection's receive buffer (SO_RCVBUF); 0: the system chooses. Linux only, not under
   * Node. Default 0.
   */
  readonly receiveBuffer: number;
  /** Size in bytes of its send buffer (SO_SNDBUF); 0: the system chooses. Linux only, not under Node. Default 0. */
  readonly sendBuffer: number;
}

/** How many clients there may be. */
export interface ConnectionLimits {
  /**
   * Max unfinished handshakes of each worker; more clients wait in the kernel's queue. At the limit, a new client
   * replaces the oldest handshake once that has taken more than 2 seconds. Not under Node. Default 256.
   */
  readonly maxHandshakes: number;
  /**
   * Max open connections of all workers together. At the limit, new clients wait in the kernel's queue, or replace a
   * handshake that has taken more than 0.25 seconds. Default 0: no limit.
   */
  readonly maxConnections: number;
  /**
   * Max open connections for each client; further ones are reset before TLS begins. A client is an IPv4 address or an
   * IPv6 /64 network, with `proxy-proxy` the one in the PROXY header. Default 0: no limit.
   */
  readonly maxConnectionsPerClient: number;
}

/** How long things may take. All in seconds. */
export interface Timeouts {
  /** For a client's TLS handshake. Default 30. */
  readonly handshake: number;
  /** For a connection to the backend, its TLS handshake included. Default 30. */
  readonly backendConnect: number;
  /** Without progress after one side has ended the connection. Default 30. */
  readonly linger: number;
  /** That a peer may accept none of the data that waits for it; 0: no limit. Default 300. */
  readonly stall: number;
  /** For open connections to end after SIGTERM. Default 30. */
  readonly drain: number;
  /** For a worker to answer; 0: no limit. Default 5. */
  readonly worker: number;
}

/** What a proxy goes by, from the option table to the code that relays, in groups of the same name all the way. */
export interface ProxySettings {
  readonly sockets: SocketSettings;
  readonly limits: ConnectionLimits;
  readonly timeouts: Timeouts;
  readonly preface: PrefaceSettings;
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

/** Which clients must show certificates. */
export interface ClientSettings {
  readonly verify: ClientVerify;
  /** Path of the authorities that such certificates must be from. */
  readonly authorities: string | undefined;
  /** Path of the revocation lists of these authorities. */
  readonly revocationLists: string | undefined;
  /** Who may connect; undefined: whose certificate is good. Never empty. */
  readonly allowed: readonly ClientName[] | undefined;
}

/** One certificate as the operator listed it. All are paths. */
export interface PemFileSetting {
  readonly certificate: string;
  /** A file, or a `pkcs11:` URI; undefined: in the same file, or in one of `privateKeys`. */
  readonly privateKey?: string;
  readonly ocspResponse?: string;
  /** Verify the signature of its stored or named OCSP response too; instead of the general setting. */
  readonly ocspVerifyStaple?: boolean;
  /** Each instead of the general one. */
  readonly clients?: Partial<ClientSettings>;
}

/** TLS to the backend, as asked for (`--client`). */
export interface BackendTlsSetting {
  /** Path of a file with the authorities; undefined: those that the machine trusts. */
  readonly ca: string | undefined;
  /** The DNS name or IP address its certificate is for; undefined only if nothing is verified. */
  readonly name: string | undefined;
  readonly verify: boolean;
}

/** Where the plaintext goes. */
export interface BackendSettings {
  readonly address: TcpAddress | UnixAddress;
  /** Seconds between look-ups of its host name; 0: at the start only. */
  readonly refresh: number;
  /** Undefined: TLS comes in from clients, and the backend is sent plaintext. */
  readonly tls: BackendTlsSetting | undefined;
}

/** What TLS engines are told as the operator said it. */
export interface EngineSettings {
  /** At least one, the oldest first. */
  readonly protocols: readonly TlsProtocol[];
  /** OpenSSL's cipher list for TLS 1.2 and older; undefined: stud's own. */
  readonly ciphers: string | undefined;
  /** OpenSSL's list of TLS 1.3 cipher suites; undefined: the library's. */
  readonly ciphersuites: string | undefined;
  /** OpenSSL's list of groups; undefined: the library's. The same on every frontend. */
  readonly groups: string | undefined;
  /** Choose the cipher by the server's order, not by the client's. Default false. */
  readonly preferServerCiphers: boolean;
  /** Id of an OpenSSL engine. The same on every frontend. */
  readonly sslEngine: string | undefined;
  /**
   * In order of preference (RFC 7301). A client that offers only other protocols is refused. Empty: ALPN is not
   * answered, or not offered to the backend. The same on every frontend.
   */
  readonly alpnProtocols: readonly string[];
  /** Refuse clients that ask for a name for which there is no certificate. Default false. */
  readonly sniNomatchAbort: boolean;
}

/** What may differ from frontend to frontend. */
export interface TlsSettings {
  /** In the order listed; empty only if certificates come from elsewhere, or with TLS to the backend. */
  readonly pemFiles: readonly PemFileSetting[];
  readonly engine: EngineSettings;
  readonly clients: ClientSettings;
}

/** The settings of one frontend, complete: what its block does not say is as it is in general. */
export interface FrontendTls extends TlsSettings {
  /** Serve the general certificates after its own. Says nothing where `pemFiles` are the general ones. */
  readonly matchGlobalCerts: boolean;
}

/** One frontend. */
export interface FrontendSettings {
  readonly address: TcpAddress;
  /** What its block limits for it alone; undefined: nothing. */
  readonly limits?: Partial<ConnectionLimits>;
  /** Undefined: the general settings. `pemFiles` is the very array of these if it has none of its own. */
  readonly tls: FrontendTls | undefined;
}

/** Where certificates and keys come from besides `pemFiles`. */
export interface CertificateSettings {
  /** Directory whose files are PEM files too, after `pemFiles`, by name. */
  readonly pemDir: string | undefined;
  /** glob(7) pattern for the names of files in `pemDir`. */
  readonly pemDirGlob: string | undefined;
  /** Files (or `pkcs11:` URIs) with the keys of certificates whose own files have none. */
  readonly privateKeys: readonly string[];
  /** The DNS name or IP address for a certificate made in memory, or undefined. */
  readonly selfSigned: string | undefined;
}

/** How OCSP responses are kept fresh. Times are in seconds. */
export interface OcspSettings {
  /** Where they are stored; empty: none are stored, nor fetched. */
  readonly directory: string;
  /** Verify the signatures of stored and named ones too. */
  readonly verifyStaple: boolean;
  /** For a responder to answer. */
  readonly responseTimeout: number;
  /** For a connection to a responder. */
  readonly connectTimeout: number;
  /** After which a response is fetched again, at the latest. */
  readonly refreshInterval: number;
}

/** How sessions are resumed. */
export interface SessionSettings {
  /** Path of the file with the secret that ticket keys are derived from; undefined: one is made. */
  readonly ticketSecret: string | undefined;
  /** Sessions that stud and hitch would keep; stud keeps none, 0 if the operator did not ask. */
  readonly sharedCache: number;
}

/** The worker processes. */
export interface WorkerSettings {
  readonly count: number | "auto";
  /** Send a client to the worker it was at before. */
  readonly steerByClient: boolean;
  readonly chroot: string | undefined;
  readonly user: string | undefined;
  readonly group: string | undefined;
  /** Confine them once they serve, where the platform can. */
  readonly sandbox: boolean;
}

/** What is logged, and where to. */
export interface LogSettings {
  /** The least important lines that are logged. */
  readonly level: "error" | "info" | "debug";
  /** Path of the file that the log goes to, instead of the standard streams. */
  readonly file: string | undefined;
  readonly syslog: boolean;
  readonly syslogFacility: string;
  /** Path of the access log, `-` for standard output; undefined: there is none. */
  readonly access: string | undefined;
  readonly accessFormat: AccessLogFormat;
}

/** stud as a service among others. */
export interface ServiceSettings {
  readonly daemon: boolean;
  /** Path. */
  readonly pidFile: string | undefined;
  /** Process id, or path of a file with one: whose place to take. */
  readonly takeover: string | undefined;
  /** Path of the file that is told where stud listens. */
  readonly listenReport: string | undefined;
  /** Read certificates again when their files change. */
  readonly watch: boolean;
}

/** Whose habits stud has where stud and hitch differ: its own, or hitch's. */
export type Compat = "none" | "hitch";

/**
 * Everything `stud` can be told in one run, in groups by who uses them. A group goes on as it is, through the plan and
 * the pipe, to the code that uses it. `pemFiles` is empty only with `selfSigned` or `pemDir`, or where every frontend has
 * certificates of its own.
 */
export interface Settings extends ProxySettings, TlsSettings {
  /** What differs in the values themselves has been settled; this is for the rest. */
  readonly compat: Compat;
  /** Lines the operator should read; none of them stops the start. */
  readonly warnings: readonly string[];
  readonly frontends: readonly FrontendSettings[];
  /** Whether they are other than the default. */
  readonly frontendsGiven: boolean;
  readonly backend: BackendSettings;
  readonly tlsLibrary: TlsLibrary;
  readonly certificates: CertificateSettings;
  readonly ocsp: OcspSettings;
  readonly sessions: SessionSettings;
  readonly workers: WorkerSettings;
  readonly log: LogSettings;
  readonly service: ServiceSettings;
}

/** The groups whose fields rows of the option table name. */
export type SettingGroups = Pick<
  Settings,
  | keyof ProxySettings
  | ("engine" | "clients" | "backend" | "certificates" | "ocsp" | "sessions")
  | ("workers" | "log" | "service")
>;

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
