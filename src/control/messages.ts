/**
 * What supervisor and worker tell each other over the worker's standard input and output: one JSON object
 * per line. The supervisor closing its end, for whatever reason, means: drain and end.
 */

import type { PrefaceKind } from "../config/settings.ts";
import type { LogLevel } from "../errors.ts";
import type { TlsConfiguration } from "../tls/tls_configuration.ts";

/** Everything a worker needs; it reads no file and no option itself. */
export interface WorkerConfiguration {
  /** From 1; also chooses the CPU. */
  readonly index: number;
  /** Log a line for each connection that has ended. */
  readonly logConnections?: boolean;
  readonly frontends: readonly WorkerFrontend[];
  /** The backend's addresses, to be tried in this order. */
  readonly backend: readonly BackendEndpoint[];
  readonly tls: TlsConfiguration;
  /** How many workers clients are spread over by their address; undefined: by their whole connection. */
  readonly steer: number | undefined;
  readonly preface: PrefaceKind;
  readonly backlog: number;
  /** Seconds. */
  readonly keepalive: number;
  readonly timeouts: WorkerTimeouts;
  readonly privileges: WorkerPrivileges;
}

/** An address to listen on; the descriptor is that of an inherited socket which does so already. */
export interface WorkerFrontend {
  readonly host: string;
  readonly port: number;
  readonly descriptor?: number;
}

/** An address that needs no look-up any more. */
export type BackendEndpoint =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** All in seconds. */
export interface WorkerTimeouts {
  readonly handshake: number;
  readonly backendConnect: number;
  readonly drain: number;
  readonly linger: number;
  readonly stall: number;
}

/** What a worker gives up once it listens. */
export interface WorkerPrivileges {
  readonly chroot: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** From the supervisor. */
export type SupervisorMessage =
  | { readonly type: "start"; readonly configuration: WorkerConfiguration }
  | { readonly type: "drain" };

/** From a worker. */
export type WorkerMessage =
  | { readonly type: "log"; readonly level: LogLevel; readonly text: string }
  /** It listens, and has dropped its privileges; `library` is what does TLS in it. */
  | { readonly type: "ready"; readonly library: string }
  /** It could not start; the text is for the operator. */
  | { readonly type: "failed"; readonly text: string }
  /** Somebody asked it by a signal to end. It serves on until it is told to drain. */
  | { readonly type: "replace-me" }
  /** It is about to end in order. */
  | { readonly type: "ended"; readonly counters: WorkerTotals };

/** Totals over a worker's life. */
export interface WorkerTotals {
  readonly accepted: number;
  readonly handshakesFailed: number;
  readonly backendsFailed: number;
  readonly octetsToBackend: number;
  readonly octetsToClient: number;
}
