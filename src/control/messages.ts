/**
 * The messages between supervisor and worker, over the worker's standard input and output: requests, their
 * answers, and events that the worker sends without a request. When the supervisor closes its end, for whatever
 * reason, the worker drains and exits.
 */

import type { ConnectionLimits, ProxySettings, SandboxSetting } from "../config/settings.ts";
import type { ConnectionFilter, LiveConnection } from "../live_connection.ts";
import { EVENT_NAMES } from "../log/events.ts";
import { MAX_LABEL } from "../metrics/series.ts";
import { escapeJson } from "../wire/escape.ts";
import type { CertificateRun } from "./certificate_runs.ts";
import type { Steering } from "../runtime/runtime.ts";
import type { ServedCertificate, Staple, TlsConfiguration } from "../tls/tls_configuration.ts";
import { HANDSHAKE_REASON_CODES } from "../tls/handshake_reasons.ts";
import {
  duration,
  fieldsOf,
  flag,
  listOf,
  memberOf,
  NOTHING,
  nullable,
  numbersByName,
  oneOf,
  optional,
  seriesList,
  type Shape,
  text,
  trusted,
  type ValueOf,
  valuesByName,
  wholeNumber,
} from "./shapes.ts";

/**
 * Everything a worker needs; it reads no file and no option itself. The operator's settings for the proxy are
 * included unchanged.
 */
export interface WorkerConfiguration extends ProxySettings {
  /** Starts at 1; also selects the CPU. */
  readonly index: number;
  readonly frontends: readonly WorkerFrontend[];
  /** The backend's addresses, to be tried in this order. */
  readonly backend: readonly BackendEndpoint[];
  /** For frontends without a TLS configuration of their own. */
  readonly tls: TlsConfiguration;
  /** If rustls serves: number of workers that share the clients by client address. Undefined: by whole connection. */
  readonly steer: number | undefined;
  /** Do the same if OpenSSL serves, because connections are counted per client. */
  readonly steersAlways?: boolean;
  /** Number of workers that share the limits on connections. */
  readonly workers: number;
  readonly privileges: WorkerPrivileges;
  /** What it may still do once it serves; undefined: everything. */
  readonly sandbox?: SandboxSetting | undefined;
}

/**
 * An address to listen on, and its own settings. The descriptor is that of an inherited socket that already
 * listens there.
 */
export interface WorkerFrontend {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
  readonly descriptor?: number;
  readonly tls?: TlsConfiguration;
  /** Limits for all addresses of this name together, if any. */
  readonly limits?: Partial<ConnectionLimits>;
  /** As the operator would write it. */
  readonly name?: string;
}

/** TLS as a line of JSON: indexes replace objects that are used several times. */
export interface PackedTls {
  readonly configurations: readonly PackedTlsConfiguration[];
  /** For each frontend, the index of its configuration; the general one comes first. */
  readonly ofFrontends: readonly number[];
}

/** A certificate as received through the pipe. */
export type PackedCertificate = Omit<ServedCertificate, "certificateChain" | "privateKey"> & {
  readonly chain: string;
  /** Only if it is a URI. */
  readonly privateKey?: string;
  /** Index of the certificate with the same key, or its own index. */
  readonly key?: number;
  /** Its private key, if no earlier certificate has the same one. */
  readonly keyBytes?: Uint8Array<ArrayBuffer>;
};

/** Which certificates of a state are those of a former one. */
export interface SharedCertificates {
  readonly version: number;
  /** All certificates, in their order. */
  readonly runs: readonly CertificateRun[];
}

/** One TLS configuration, whose certificates are indexes in the list of all certificates. */
export type PackedTlsConfiguration = Omit<TlsConfiguration, "certificates"> & {
  readonly certificates: readonly number[];
};

/** A {@linkcode WorkerConfiguration} as encoded in a message. */
export type PackedConfiguration = Omit<WorkerConfiguration, "tls" | "frontends"> & {
  readonly frontends: readonly Omit<WorkerFrontend, "tls">[];
  readonly tls: PackedTls;
};

/** An address that needs no name resolution. */
export type BackendEndpoint =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

export type { ConnectionFilter };

/** What a worker gives up once it listens. */
export interface WorkerPrivileges {
  readonly chroot: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** What all workers must serve. A state is never changed; its successor has the next version. */
export interface WorkerState {
  /** Increases by one. */
  readonly version: number;
  /** The same for all workers; its backend contains the addresses that are known now. */
  readonly configuration: SharedConfiguration;
  /** By certificate fingerprint: responses to staple instead of those in the configuration. */
  readonly staples: ReadonlyMap<string, Staple["response"]>;
  /** Why the first workers could not open the preferred library; undefined if they could, or if none was preferred. */
  readonly missing?: string | undefined;
  /** Number of sockets that a worker opens on each address; undefined: one. */
  readonly listeners?: number | undefined;
}

/** The configuration for all workers; only the index differs. */
export type SharedConfiguration = Omit<WorkerConfiguration, "index">;

/** Max bytes of a message line, not counting the line feed. */
export const MAX_LINE = 1 << 20;
/** Max UTF-16 code units of a text for the operator: a log line, a fault. */
export const MAX_TEXT = 16 << 10;
/** Max certificates that a worker names at a time. */
export const MAX_REFUSED = 100;
/** Max UTF-16 code units of the reason for each, and of the file's name. */
export const MAX_REASON = 1_000;
/** Max UTF-16 code units of an access log line; with all fields at their longest it needs fewer. */
export const MAX_ACCESS_LINE = 128 << 10;
/** Max number of values with a log line, and max UTF-16 code units of a text among them. */
export const MAX_FIELDS = 64;
export const MAX_FIELD = 10_000;
/** Max number of failures of a kind in one answer; with all texts at their longest they fit into a line. */
export const MAX_FAILURES = 100;
/** Max live connections in one answer; with all fields at their longest they fit into a line. */
export const MAX_CONNECTIONS = 500;
/** Max series in one report; with all labels at their longest they fit into a line. */
export const MAX_SERIES_BATCH = 200;
/** Max number of sockets that a worker opens on an address. */
export const MAX_LISTENERS = 256;
/** Max number of counters of a worker. */
export const MAX_COUNTERS = 256;

const ADDRESS = fieldsOf({ host: text(255), port: wholeNumber(0xffff) });
const VERSION = fieldsOf({ version: wholeNumber() });
/** Access log lines may be JSON, so they are escaped as JSON. */
const ACCESS_LINE = text(MAX_ACCESS_LINE, escapeJson);
const COUNTERS = fieldsOf({
  /** Those of the proxy as a whole. */
  counters: numbersByName(MAX_COUNTERS),
  /** Those of the families. */
  series: optional(seriesList(MAX_SERIES_BATCH)),
});

const FILTER = trusted<ConnectionFilter>();
const LIVE_CONNECTION: Shape<LiveConnection> = fieldsOf({
  client: nullable(text(100)),
  serverName: nullable(text(255)),
  frontend: text(MAX_LABEL),
  backend: nullable(text(MAX_LABEL)),
  version: nullable(text(40)),
  cipher: nullable(text(100)),
  age: duration,
  idle: nullable(duration),
  bytesToBackend: wholeNumber(),
  bytesToClient: wholeNumber(),
});

/** The handshakes of a frontend that failed for one reason. */
const HANDSHAKE_FAILURE = fieldsOf({
  /** As the operator wrote it. */
  frontend: text(MAX_LABEL),
  reason: oneOf(...HANDSHAKE_REASON_CODES),
  count: wholeNumber(),
  /** ISO 8601. */
  lastTime: text(30),
  /** `HOST:PORT`; empty if unknown. */
  lastClient: text(64),
  /** Empty if it asked for none. */
  lastServerName: text(255),
});

/** The last failure of a backend's address. */
const BACKEND_FAILURE = fieldsOf({
  address: text(MAX_LABEL),
  /** ISO 8601. */
  time: text(30),
  reason: text(MAX_REASON),
});

/** What has failed in a worker. */
const FAULTS = fieldsOf({
  handshakes: listOf(HANDSHAKE_FAILURE, MAX_FAILURES),
  backends: listOf(BACKEND_FAILURE, MAX_FAILURES),
});

/** A {@linkcode WorkerState}. The line is followed by this many certificates, which are part of the state once read. */
const STATE = fieldsOf({
  version: wholeNumber(),
  configuration: trusted<PackedConfiguration>(),
  staples: trusted<readonly Staple[]>(),
  missing: optional(text(MAX_TEXT)),
  listeners: optional(wholeNumber(MAX_LISTENERS)),
  /** The worker has some of the certificates already, from the state with this version. */
  shared: optional(trusted<SharedCertificates>()),
  followers: wholeNumber(),
  certificates: trusted<readonly PackedCertificate[]>(),
});

/** The library that does TLS in a worker. */
const SERVING_BY = fieldsOf({
  /** The library and its version, for the log. */
  library: text(1_000),
  /** Why the preferred library cannot be opened; undefined if it can, or if none was preferred. */
  missing: optional(text(MAX_TEXT)),
  /** What the kernel refused when the worker applied its sandbox; undefined: nothing. */
  unconfined: optional(text(MAX_TEXT)),
});

/**
 * The requests of a supervisor, and the worker's answers. Each request is a row here and a case in worker.ts. It
 * is answered once, by its id, with a fault if it failed.
 */
export const REQUESTS = {
  /** Listen, drop privileges, and serve. */
  start: { ask: STATE, answer: SERVING_BY },
  /**
   * Prepare for another state, and continue with the current one. The answer lists the addresses where the worker
   * has two sockets until `commit` or `forget`, the new one last.
   */
  prepare: { ask: STATE, answer: fieldsOf({ reopened: listOf(ADDRESS, 100_000) }) },
  /** Serve what was prepared. The answer comes when the sockets that are no longer needed are closed. */
  commit: { ask: VERSION, answer: NOTHING },
  /** Discard what was prepared. */
  forget: { ask: NOTHING, answer: NOTHING },
  /** The state has a newer version, and what has changed needs no preparation. Existing connections continue. */
  update: {
    ask: fieldsOf({
      backend: optional(trusted<readonly BackendEndpoint[]>()),
      staples: optional(trusted<readonly Staple[]>()),
    }),
    answer: NOTHING,
  },
  /** Set which of the sockets on a port get new connections; null: the kernel decides. */
  steer: {
    ask: fieldsOf({ address: ADDRESS, steering: trusted<Steering | null>() }),
    answer: NOTHING,
  },
  /**
   * Stop listening, and exit once the clients have left. If the number of seconds is set, the remaining clients
   * are then reset. `successors`: other processes listen on the same addresses and get the new connections by now.
   * The answer comes when the worker no longer listens. A repeated request only changes the time.
   */
  drain: {
    ask: fieldsOf({ seconds: optional(duration), successors: flag }),
    answer: NOTHING,
  },
  /** Log the counters. */
  report: { ask: NOTHING, answer: NOTHING },
  /**
   * The handshakes that failed since the worker's start, the most frequent first, and the last failure of each backend
   * address, the latest first.
   */
  faults: { ask: NOTHING, answer: FAULTS },
  /** Log everything about the handshakes of clients in this network for this time. */
  trace: { ask: fieldsOf({ cidr: text(64), seconds: duration }), answer: NOTHING },
  /** The live connections that match, the oldest first, at most `limit`, and how many match. */
  connections: {
    ask: fieldsOf({ filter: FILTER, limit: wholeNumber(MAX_CONNECTIONS) }),
    answer: fieldsOf({
      matching: wholeNumber(),
      connections: listOf(LIVE_CONNECTION, MAX_CONNECTIONS),
    }),
  },
  /** Reset the live connections that match. The answer says how many. */
  disconnect: { ask: fieldsOf({ filter: FILTER }), answer: fieldsOf({ matching: wholeNumber() }) },
  /** Answer at once, whatever else is in progress. */
  ping: { ask: NOTHING, answer: NOTHING },
} as const;

/** What a worker sends without a request: a row here, and a case in worker_process.ts. */
export const EVENTS = {
  /** A finished line, and what programs read about it. */
  log: fieldsOf({
    level: oneOf("debug", "info", "warning", "error"),
    text: text(MAX_TEXT),
    event: memberOf(EVENT_NAMES),
    fields: valuesByName(MAX_FIELDS, MAX_FIELD),
  }),
  /** Access log lines. */
  access: fieldsOf({ lines: listOf(ACCESS_LINE, 10_000) }),
  /** It starts `start` or `prepare`, and may not answer a `ping` until that is done. */
  busy: NOTHING,
  /** Its counters since it started, but only those that changed since the last report. */
  counters: COUNTERS,
  /** It received a signal to exit. It continues to serve until it must drain. */
  "replace-me": NOTHING,
  /** It is about to exit in order. Contains all counters. */
  ended: COUNTERS,
} as const;

/** Why a request failed. */
export const FAULT = fieldsOf({
  /** For the operator. */
  fault: text(MAX_TEXT),
  portInUse: optional(flag),
  /** The certificates that caused it, if any; only some of them if there are many. */
  refused: optional(listOf(
    fieldsOf({ fingerprint: text(64), source: text(MAX_REASON), reason: text(MAX_REASON) }),
    MAX_REFUSED,
    1,
  )),
});

/** The name of a request. */
export type RequestKind = keyof typeof REQUESTS;
/** The fields of a request of this kind. */
export type Asked<Kind extends RequestKind> = ValueOf<(typeof REQUESTS)[Kind]["ask"]>;
/** The fields of its answer. */
export type Answer<Kind extends RequestKind> = ValueOf<(typeof REQUESTS)[Kind]["answer"]>;
/** A request as sent through the pipe. */
export type WorkerRequest<Kind extends RequestKind = RequestKind> = {
  [Each in Kind]: { readonly type: Each; readonly id: number } & Asked<Each>;
}[Kind];
/** Why a request failed; empty if it succeeded. */
export type Fault = Partial<ValueOf<typeof FAULT>>;
/** An event of a worker, as sent through the pipe. */
export type WorkerEvent = {
  [Each in keyof typeof EVENTS]: { readonly type: Each } & ValueOf<(typeof EVENTS)[Each]>;
}[keyof typeof EVENTS];

/** The handshakes of a frontend that failed for one reason. */
export type HandshakeFailure = ValueOf<typeof HANDSHAKE_FAILURE>;
/** What has failed in a worker. */
export type WorkerFaults = ValueOf<typeof FAULTS>;
/** The library that does TLS in a worker. */
export type ServingBy = ValueOf<typeof SERVING_BY>;
/** What a worker has counted. */
export type CounterReport = ValueOf<typeof COUNTERS>;
/** The counters of a worker, by name. */
export type WorkerCounters = ValueOf<typeof COUNTERS>["counters"];
