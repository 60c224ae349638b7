/**
 * What supervisor and worker tell each other over the worker's standard input and output: one JSON object
 * per line; private keys follow theirs as bytes. The supervisor closing its end, for whatever reason, means: drain and end.
 */

import type {
  AccessLogFormat,
  ConnectionLimits,
  ProxySettings,
  SandboxSetting,
} from "../config/settings.ts";
import type { LogLevel, RefusedCertificate } from "../errors.ts";
import type { SocketAddress, Steering } from "../runtime/runtime.ts";
import type { ServedCertificate, Staple, TlsConfiguration } from "../tls/tls_configuration.ts";

/**
 * Everything a worker needs; it reads no file and no option itself. What the operator has said of the proxy is in the
 * groups of the settings, as they are.
 */
export interface WorkerConfiguration extends ProxySettings {
  /** From 1; also chooses the CPU. */
  readonly index: number;
  /** Log a line for each connection that has ended. */
  readonly logConnections?: boolean;
  readonly frontends: readonly WorkerFrontend[];
  /** The backend's addresses, to be tried in this order. */
  readonly backend: readonly BackendEndpoint[];
  /** For the frontends that have none of their own. */
  readonly tls: TlsConfiguration;
  /**
   * How many workers clients are spread over by their address, if rustls serves; undefined: by their whole
   * connection.
   */
  readonly steer: number | undefined;
  /** Whether clients are spread like that if OpenSSL serves, too: connections are counted for each client. */
  readonly steersAlways?: boolean;
  /** How many workers share the limits on connections. */
  readonly workers: number;
  /** How it writes lines of the access log; undefined: not at all. */
  readonly accessLog: AccessLogFormat | undefined;
  readonly privileges: WorkerPrivileges;
  /** What it is left with once it serves; undefined: everything. */
  readonly sandbox?: SandboxSetting | undefined;
}

/**
 * Where to listen, and with what of its own; the descriptor is that of an inherited socket which listens there
 * already.
 */
export interface WorkerFrontend {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
  readonly descriptor?: number;
  readonly tls?: TlsConfiguration;
  /** What holds for all addresses of this name together, if anything does. */
  readonly limits?: Partial<ConnectionLimits>;
  /** As the operator would write it. */
  readonly name?: string;
}

/** What a line of JSON says of TLS: places instead of objects that stand in several of its parts. */
export interface PackedTls {
  readonly certificates: readonly PackedCertificate[];
  readonly configurations: readonly PackedTlsConfiguration[];
  /** For each frontend, the place of its configuration; the first one is the general one. */
  readonly ofFrontends: readonly number[];
}

/** Its private key is no part of it, unless it is a URI: `key` is its place among the bytes behind the line. */
export type PackedCertificate = Omit<ServedCertificate, "privateKey"> & {
  readonly privateKey?: string;
  readonly key?: number;
};

/** One of them, whose certificates are places in the list of all. */
export type PackedTlsConfiguration = Omit<TlsConfiguration, "certificates"> & {
  readonly certificates: readonly number[];
};

/** A {@linkcode WorkerConfiguration} as it stands in a message. */
export type PackedConfiguration = Omit<WorkerConfiguration, "tls" | "frontends"> & {
  readonly frontends: readonly Omit<WorkerFrontend, "tls">[];
  readonly tls: PackedTls;
};

/** An address that needs no look-up any more. */
export type BackendEndpoint =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** What a worker gives up once it listens. */
export interface WorkerPrivileges {
  readonly chroot: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** What does not go through the pipe as JSON: it follows the line. */
export interface WithBytes {
  /** The lengths of the parts that follow. */
  readonly bytes: readonly number[];
  /** Those parts, once they have been read. */
  readonly parts?: readonly Uint8Array<ArrayBuffer>[];
}

/** From the supervisor. The parts are private keys. */
export type SupervisorMessage =
  | { readonly type: "start"; readonly configuration: PackedConfiguration } & WithBytes
  /** Get ready for another configuration, and serve on by the present one. It is answered. */
  | { readonly type: "prepare"; readonly configuration: PackedConfiguration } & WithBytes
  /** Serve by what was prepared. It is answered. */
  | { readonly type: "commit" }
  /** Drop what was prepared. */
  | { readonly type: "forget" }
  /** Say which of the sockets on a port get new connections; null: the kernel chooses. It is answered. */
  | { readonly type: "steer"; readonly address: SocketAddress; readonly steering: Steering | null }
  /** The backend's name has other addresses now; connections that are there go on. */
  | { readonly type: "backend"; readonly endpoints: readonly BackendEndpoint[] }
  /** Newer OCSP responses for certificates of the configuration. */
  | { readonly type: "staples"; readonly staples: readonly Staple[] }
  /** Log what you have counted. */
  | { readonly type: "counters" }
  /** Answer with `pong`, whatever else you do. */
  | { readonly type: "ping" }
  /** Stop listening, and end once the clients have. Later ones only change the time. */
  | DrainMessage;

/** How a worker is to end. */
export interface DrainMessage {
  readonly type: "drain";
  /** After so many seconds clients are reset; undefined: never. */
  readonly seconds?: number;
  /** Others listen on the same addresses and get the new connections by now. */
  readonly successors: boolean;
}

/** From a worker. */
export type WorkerMessage =
  | { readonly type: "log"; readonly level: LogLevel; readonly text: string }
  /** Lines of the access log. */
  | { readonly type: "access"; readonly lines: readonly string[] }
  /** It listens, and has dropped its privileges. */
  | { readonly type: "ready" } & ServingBy
  /** It could not start; the text is for the operator. */
  | {
    readonly type: "failed";
    readonly text: string;
    readonly portInUse?: boolean;
    readonly refused?: readonly RefusedCertificate[];
  }
  | WorkerAnswer
  /** It is well. */
  | { readonly type: "pong" }
  /** It begins with `start` or `prepare`, and may not answer a `ping` until that is done. */
  | { readonly type: "busy" }
  /** Somebody asked it by a signal to end. It serves on until it is told to drain. */
  | { readonly type: "replace-me" }
  /** It listens no more; its clients may go on. */
  | { readonly type: "deaf" }
  /** It is about to end in order. */
  | { readonly type: "ended"; readonly counters: WorkerTotals };

/** What does TLS in a worker. */
export interface ServingBy {
  /** The library and its version, for the log. */
  readonly library: string;
  /** Why the library that was preferred cannot be opened; undefined: none was, or it can. */
  readonly missing?: string;
  /** What the kernel refused when the worker was to be confined; undefined: nothing. */
  readonly unconfined?: string;
}

/** To what is answered: one answer for each, in order. */
export type WorkerAnswer = {
  readonly type: "answer";
  /** What went wrong, for the operator; undefined: nothing. */
  readonly fault?: string;
  /** The certificates at fault, if it is theirs: some of them, where there are many. */
  readonly refused?: readonly RefusedCertificate[];
  /** To `prepare`: addresses where the worker has two sockets until `commit` or `forget`, the new one last. */
  readonly reopened?: readonly SocketAddress[];
};

/** Totals over a worker's life. */
export interface WorkerTotals {
  readonly accepted: number;
  readonly refused: number;
  readonly handshakesFailed: number;
  readonly silent: number;
  readonly clientsDenied: number;
  readonly backendsFailed: number;
  readonly octetsToBackend: number;
  readonly octetsToClient: number;
}
