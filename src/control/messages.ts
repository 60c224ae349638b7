/**
 * What supervisor and worker tell each other over the worker's standard input and output: requests and their answers, and
 * what a worker says unasked. The supervisor closing its end, for whatever reason, means: drain and end.
 */

import type {
  AccessLogFormat,
  ConnectionLimits,
  ProxySettings,
  SandboxSetting,
} from "../config/settings.ts";
import { escapeJson } from "../wire/escape.ts";
import type { Steering } from "../runtime/runtime.ts";
import type { ServedCertificate, Staple, TlsConfiguration } from "../tls/tls_configuration.ts";
import {
  duration,
  fieldsOf,
  flag,
  listOf,
  NOTHING,
  numbersByName,
  oneOf,
  optional,
  text,
  trusted,
  type ValueOf,
  wholeNumber,
} from "./shapes.ts";

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
  readonly configurations: readonly PackedTlsConfiguration[];
  /** For each frontend, the place of its configuration; the first one is the general one. */
  readonly ofFrontends: readonly number[];
}

/** A certificate as it has come through the pipe. */
export type PackedCertificate = Omit<ServedCertificate, "certificateChain" | "privateKey"> & {
  readonly chain: string;
  /** Only if it is a URI. */
  readonly privateKey?: string;
  /** The place of the certificate with the same key, or its own. */
  readonly key?: number;
  /** Its private key, if it is the first that has it. */
  readonly keyBytes?: Uint8Array<ArrayBuffer>;
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

/** What all workers are to serve by. Nobody changes one: what follows it has the next version. */
export interface WorkerState {
  /** Counts up. */
  readonly version: number;
  /** The same for all of them; its backend has the addresses that are known now. */
  readonly configuration: SharedConfiguration;
  /** By the certificates' fingerprints: what to staple instead of what the configuration has. */
  readonly staples: ReadonlyMap<string, Staple["response"]>;
  /** Why the first workers could not open the library that was preferred; undefined: none was, or they could. */
  readonly missing?: string | undefined;
}

/** For every worker; only the index differs. */
export type SharedConfiguration = Omit<WorkerConfiguration, "index">;

/** A line of messages, the line feed not counted, has so many bytes at most. */
export const MAX_LINE = 1 << 20;
/** UTF-16 code units of a text for the operator: a log line, a fault. */
export const MAX_TEXT = 16 << 10;
/** Certificates that a worker names at a time. */
export const MAX_REFUSED = 100;
/** UTF-16 code units of what it says of each, and of the file's name. */
export const MAX_REASON = 1_000;
/** UTF-16 code units of a line of the access log; all its fields at their longest need fewer. */
export const MAX_ACCESS_LINE = 128 << 10;
/** Numbers that a worker counts. */
export const MAX_COUNTERS = 256;

const ADDRESS = fieldsOf({ host: text(255), port: wholeNumber(0xffff) });
const VERSION = fieldsOf({ version: wholeNumber() });
/** Lines of the access log may be JSON, and are escaped as JSON has it. */
const ACCESS_LINE = text(MAX_ACCESS_LINE, escapeJson);
const COUNTERS = fieldsOf({ counters: numbersByName(MAX_COUNTERS) });

/** A {@linkcode WorkerState}. So many certificates follow the line; once they have been read they are with it. */
const STATE = fieldsOf({
  version: wholeNumber(),
  configuration: trusted<PackedConfiguration>(),
  staples: trusted<readonly Staple[]>(),
  missing: optional(text(MAX_TEXT)),
  followers: wholeNumber(),
  certificates: trusted<readonly PackedCertificate[]>(),
});

/** What does TLS in a worker. */
const SERVING_BY = fieldsOf({
  /** The library and its version, for the log. */
  library: text(1_000),
  /** Why the library that was preferred cannot be opened; undefined: none was, or it can. */
  missing: optional(text(MAX_TEXT)),
  /** What the kernel refused when the worker was to be confined; undefined: nothing. */
  unconfined: optional(text(MAX_TEXT)),
});

/**
 * What a supervisor asks of its worker, and what the worker answers. A request is a row here, and a case in
 * worker.ts; each is answered once, by its id, with a fault if it could not be carried out.
 */
export const REQUESTS = {
  /** Listen, give up your privileges, and serve. */
  start: { ask: STATE, answer: SERVING_BY },
  /**
   * Get ready for another state, and serve on by the present one. The answer has the addresses where the worker has
   * two sockets until `commit` or `forget`, the new one last.
   */
  prepare: { ask: STATE, answer: fieldsOf({ reopened: listOf(ADDRESS, 100_000) }) },
  /** Serve by what was prepared. It is answered when the sockets are closed that are not needed any more. */
  commit: { ask: VERSION, answer: NOTHING },
  /** Drop what was prepared. */
  forget: { ask: NOTHING, answer: NOTHING },
  /** The state has a newer version; what has changed needs no preparation. Connections that are there go on. */
  update: {
    ask: fieldsOf({
      backend: optional(trusted<readonly BackendEndpoint[]>()),
      staples: optional(trusted<readonly Staple[]>()),
    }),
    answer: NOTHING,
  },
  /** Say which of the sockets on a port get new connections; null: the kernel chooses. */
  steer: {
    ask: fieldsOf({ address: ADDRESS, steering: trusted<Steering | null>() }),
    answer: NOTHING,
  },
  /**
   * Stop listening, and end once the clients have; after so many seconds they are reset, if that is a number.
   * `successors`: others listen on the same addresses and get the new connections by now. It is answered when the
   * worker listens no more. Later ones only change the time.
   */
  drain: {
    ask: fieldsOf({ seconds: optional(duration), successors: flag }),
    answer: NOTHING,
  },
  /** Log what you have counted. */
  report: { ask: NOTHING, answer: NOTHING },
  /** Say that you are well, whatever else you do. */
  ping: { ask: NOTHING, answer: NOTHING },
} as const;

/** What a worker says unasked: a row here, and a case in worker_process.ts. */
export const EVENTS = {
  log: fieldsOf({ level: oneOf("debug", "info", "warning", "error"), text: text(MAX_TEXT) }),
  /** Lines of the access log. */
  access: fieldsOf({ lines: listOf(ACCESS_LINE, 10_000) }),
  /** It begins with `start` or `prepare`, and may not answer a `ping` until that is done. */
  busy: NOTHING,
  /** What it has counted in its life, as far as that is not as it was when it last said so. */
  counters: COUNTERS,
  /** Somebody asked it by a signal to end. It serves on until it is to drain. */
  "replace-me": NOTHING,
  /** It is about to end in order. All that it has counted. */
  ended: COUNTERS,
} as const;

/** Why a request could not be carried out. */
export const FAULT = fieldsOf({
  /** For the operator. */
  fault: text(MAX_TEXT),
  portInUse: optional(flag),
  /** The certificates at fault, if it is theirs: some of them, where there are many. */
  refused: optional(listOf(
    fieldsOf({ fingerprint: text(64), source: text(MAX_REASON), reason: text(MAX_REASON) }),
    MAX_REFUSED,
    1,
  )),
});

/** The name of a request. */
export type RequestKind = keyof typeof REQUESTS;
/** What is asked by a request of this kind. */
export type Asked<Kind extends RequestKind> = ValueOf<(typeof REQUESTS)[Kind]["ask"]>;
/** What the answer to it says. */
export type Answer<Kind extends RequestKind> = ValueOf<(typeof REQUESTS)[Kind]["answer"]>;
/** A request as it goes through the pipe. */
export type WorkerRequest<Kind extends RequestKind = RequestKind> = {
  [Each in Kind]: { readonly type: Each; readonly id: number } & Asked<Each>;
}[Kind];
/** Why a request failed; empty: it did not. */
export type Fault = Partial<ValueOf<typeof FAULT>>;
/** What a worker says unasked, as it goes through the pipe. */
export type WorkerEvent = {
  [Each in keyof typeof EVENTS]: { readonly type: Each } & ValueOf<(typeof EVENTS)[Each]>;
}[keyof typeof EVENTS];

/** What does TLS in a worker. */
export type ServingBy = ValueOf<typeof SERVING_BY>;
/** What a worker has counted, by names. */
export type WorkerCounters = ValueOf<typeof COUNTERS>["counters"];
