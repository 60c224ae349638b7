/**
 * The typed result of the command line and the configuration file: what the operator asked for. Nothing on this machine
 * has been looked up yet: host names, service names, users and files are still text.
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

/** What the backend receives before the first byte of plaintext. */
export type PrefaceKind = "none" | "ip" | "proxy-v1" | "proxy-v2" | "proxy-proxy";

/** What the backend receives before the plaintext. All fields but `kind` are about version 2 of the PROXY protocol. */
export interface PrefaceSettings {
  readonly kind: PrefaceKind;
  /** What the TLS handshake agreed on. */
  readonly tlv: boolean;
  /** The server name that the client asked for. */
  readonly authority: boolean;
  readonly clientCertificate: boolean;
}

/** Options of the sockets that clients connect to. */
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

/** How many clients may connect. */
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

/** Timeouts, all in seconds. */
export interface Timeouts {
  /** For a client's TLS handshake. Default 30. */
  readonly handshake: number;
  /** For a connection to the backend, its TLS handshake included. Default 30. */
  readonly backendConnect: number;
  /** Without progress after one side has ended the connection. Default 30. */
  readonly linger: number;
  /** Without a peer accepting any of the data that waits for it; 0: no limit. Default 300. */
  readonly stall: number;
  /** For open connections to end after SIGTERM. Default 30. */
  readonly drain: number;
  /** For a worker to answer; 0: no limit. Default 5. */
  readonly worker: number;
}

/** The settings of a proxy. The groups keep these names from the option table to the code that relays. */
export interface ProxySettings {
  readonly sockets: SocketSettings;
  readonly limits: ConnectionLimits;
  readonly timeouts: Timeouts;
  readonly preface: PrefaceSettings;
  readonly log: LogSettings;
}

/** The TLS engines: rustls and the host's OpenSSL under Deno, `node:tls` under Node. */
export type TlsLibraryName = "rustls" | "openssl" | "node";

/** Which TLS engine terminates TLS, and why. */
export interface TlsLibrary {
  readonly name: TlsLibraryName;
  /** The engine to use if this one cannot be opened on the machine; undefined: stud does not start there. */
  readonly orElse?: "rustls";
  /** The engine to use if this one cannot serve the certificates; undefined: the operator requires this one. */
  readonly orBetter?: "openssl";
  /** The option that requires it, as the operator wrote it; undefined: nothing needs OpenSSL. */
  readonly because: string | undefined;
}

/** Protocol versions by the names that operators write, oldest first. */
export const TLS_PROTOCOLS = ["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;

/** One of `TLS_PROTOCOLS`. */
export type TlsProtocol = typeof TLS_PROTOCOLS[number];

/** How lines of the access log are written. */
export type AccessLogFormat = "text" | "json";

/** The format of log lines. */
export type LogFormat = "text" | "json" | "logfmt";

/** Whether a client must show a certificate: never asked, verified if shown, or required. */
export type ClientVerify = "none" | "optional" | "required";

/** Which clients must show certificates. */
export interface ClientSettings {
  readonly verify: ClientVerify;
  /** Path of the authorities that must have issued such certificates. */
  readonly authorities: string | undefined;
  /** Path of the revocation lists of these authorities. */
  readonly revocationLists: string | undefined;
  /** The clients that may connect; undefined: all with a valid certificate. Never empty. */
  readonly allowed: readonly ClientName[] | undefined;
}

/** One certificate as the operator listed it. All texts are paths. */
export interface PemFileSetting {
  readonly certificate: string;
  /** A file, or a `pkcs11:` URI; undefined: in the same file, or in one of `privateKeys`. */
  readonly privateKey?: string;
  readonly ocspResponse?: string;
  /** Verify the signature of its stored or named OCSP response too; overrides the general setting. */
  readonly ocspVerifyStaple?: boolean;
  /** Each field overrides the general one. */
  readonly clients?: Partial<ClientSettings>;
}

/** TLS to the backend, as asked for (`--client`). */
export interface BackendTlsSetting {
  /** Path of a file with the authorities; undefined: those that the machine trusts. */
  readonly ca: string | undefined;
  /** The DNS name or IP address that its certificate must be for; undefined only if nothing is verified. */
  readonly name: string | undefined;
  readonly verify: boolean;
}

/** Where the plaintext goes. */
export interface BackendSettings {
  readonly address: TcpAddress | UnixAddress;
  /** Seconds between lookups of its host name; 0: only at the start. */
  readonly refresh: number;
  /** Undefined: clients connect with TLS, and the backend receives plaintext. */
  readonly tls: BackendTlsSetting | undefined;
}

/** What the operator set for the TLS engines. */
export interface EngineSettings {
  /** At least one, oldest first. */
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

/** Settings that each frontend may override. */
export interface TlsSettings {
  /** In the order listed; empty only if certificates come from elsewhere, or with TLS to the backend. */
  readonly pemFiles: readonly PemFileSetting[];
  readonly engine: EngineSettings;
  readonly clients: ClientSettings;
}

/** The complete settings of one frontend: what its block does not set comes from the general settings. */
export interface FrontendTls extends TlsSettings {
  /** Serve the general certificates after its own. No effect if `pemFiles` are the general ones. */
  readonly matchGlobalCerts: boolean;
}

/** One frontend. */
export interface FrontendSettings {
  readonly address: TcpAddress;
  /** Limits that its block sets for it alone; undefined: none. */
  readonly limits?: Partial<ConnectionLimits>;
  /**
   * Undefined: the general settings. Without certificates of its own, `pemFiles` is the same array as the general one.
   */
  readonly tls: FrontendTls | undefined;
}

/** Where certificates and keys come from in addition to `pemFiles`. */
export interface CertificateSettings {
  /** Directory whose files are PEM files too. They come after `pemFiles`, sorted by name. */
  readonly pemDir: string | undefined;
  /** glob(7) pattern for the names of files in `pemDir`. */
  readonly pemDirGlob: string | undefined;
  /** Files (or `pkcs11:` URIs) with the keys of certificates whose own files contain none. */
  readonly privateKeys: readonly string[];
  /** The DNS name or IP address for a certificate made in memory, or undefined. */
  readonly selfSigned: string | undefined;
}

/** How OCSP responses are kept fresh. Times are in seconds. */
export interface OcspSettings {
  /** Where they are stored; empty: none are stored or fetched. */
  readonly directory: string;
  /** Verify the signatures of stored and named ones too. */
  readonly verifyStaple: boolean;
  /** Max time for a responder to answer. */
  readonly responseTimeout: number;
  /** Max time to connect to a responder. */
  readonly connectTimeout: number;
  /** Max time until a response is fetched again. */
  readonly refreshInterval: number;
}

/** How sessions are resumed. */
export interface SessionSettings {
  /** Path of the file with the secret that ticket keys are derived from; undefined: stud generates one. */
  readonly ticketSecret: string | undefined;
  /** Sessions that old stud and hitch would cache; stud caches none. 0 if the operator did not ask. */
  readonly sharedCache: number;
}

/** The worker processes. */
export interface WorkerSettings {
  readonly count: number | "auto";
  /** Send a client to the worker that served it before. */
  readonly steerByClient: boolean;
  readonly chroot: string | undefined;
  readonly user: string | undefined;
  readonly group: string | undefined;
  /** Confine them once they serve, if the platform can. */
  readonly sandbox: boolean;
}

/** What is logged, and where. */
export interface LogSettings {
  /** The lowest level that is logged. */
  readonly level: "error" | "info" | "debug";
  /** Path of the log file, which replaces the standard streams. */
  readonly file: string | undefined;
  readonly syslog: boolean;
  readonly syslogFacility: string;
  readonly format: LogFormat;
  /** Path of the access log, `-` for standard output, `syslog:` for the log daemon; undefined: there is none. */
  readonly access: string | undefined;
  readonly accessFormat: AccessLogFormat;
  /** One of this many connections that end without a fault gets a line of the access log. */
  readonly accessSample: number;
  /** The network (CIDR) of clients whose handshakes are traced from the start on; undefined: none. */
  readonly traceClient: string | undefined;
  /** For how many seconds. */
  readonly traceFor: number;
}

/** stud as a service on the system. */
export interface ServiceSettings {
  readonly daemon: boolean;
  /** Path. */
  readonly pidFile: string | undefined;
  /** Process id of the stud to replace, or path of a file with it. */
  readonly takeover: string | undefined;
  /** Path of the file to which stud writes the addresses that it listens on. */
  readonly listenReport: string | undefined;
  /** Read certificates again when their files change. */
  readonly watch: boolean;
  /** Where status and metrics are served; undefined: nowhere. */
  readonly status: TcpAddress | UnixAddress | undefined;
  /** Other machines may read it. */
  readonly statusPublic: boolean;
  /** Seconds from the announcement of a drain to its begin. */
  readonly drainDelay: number;
  /** SIGTERM resets open connections immediately, as hitch does unless `--drain-timeout` is given. */
  readonly resetsOnSigterm: boolean;
}

/** Whose behavior stud follows where stud and hitch differ: its own, or hitch's. */
export type Compat = "none" | "hitch";

/**
 * All settings of one run, in groups by the code that uses them. A group passes unchanged through the plan and the pipe
 * to that code. `pemFiles` is empty only with `selfSigned` or `pemDir`, or if every frontend has its own certificates.
 */
export interface Settings extends ProxySettings, TlsSettings {
  /** The values already include what differs with hitch; this is for the rest. */
  readonly compat: Compat;
  /** Lines for the operator; none of them prevents the start. */
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
  readonly service: ServiceSettings;
}

/** The groups whose fields are named by rows of the option table. */
export type SettingGroups = Pick<
  Settings,
  | keyof ProxySettings
  | ("engine" | "clients" | "backend" | "certificates" | "ocsp" | "sessions")
  | ("workers" | "service")
>;

/** What the sandbox of a serving worker still allows. */
export interface SandboxSetting {
  /** Connecting to unix sockets. */
  readonly unixSockets: boolean;
  /** What a library for a token with keys (PKCS #11) needs, or any OpenSSL engine. */
  readonly token: boolean;
}

/** Shells for which stud writes a completion. */
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
