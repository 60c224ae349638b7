/**
 * What a running stud tells about itself: the JSON of `GET /status`, which the page, `stud status` and `stud top` show.
 * Times are ISO 8601 in UTC, durations seconds, sizes bytes, unless a name says otherwise. What is not known, because
 * the TLS library or the platform does not tell it, is null.
 */

import type { LiveConnection, LiveConnections, OfAllWorkers } from "../live_connection.ts";

/** Everything, at one moment. */
export interface Status {
  /** The version of this format; increases when a field changes its meaning or goes. */
  readonly schema: 1;
  readonly time: string;
  readonly version: string;
  /** Name and version of the runtime. */
  readonly runtime: string;
  /** The TLS library and its version, as the workers tell it. */
  readonly tlsLibrary: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly uptime: number;
  readonly state: "starting" | "serving" | "draining";
  /** Whether every frontend is served and no drain has been announced. */
  readonly ready: boolean;
  readonly supervisor: ProcessUse;
  readonly totals: Totals;
  readonly frontends: readonly FrontendStatus[];
  readonly workers: readonly WorkerStatus[];
  readonly certificates: readonly CertificateStatus[];
  /** Files that are not served because of a fault in them. */
  readonly quarantine: readonly QuarantinedFile[];
  readonly backends: readonly BackendStatus[];
  readonly handshakes: HandshakeStatus;
  readonly postQuantum: PostQuantumStatus;
  /** The last ten minutes. */
  readonly history: History;
  /** The last ones, the latest first. */
  readonly reloads: readonly ReloadStatus[];
  /** The latest lines of level warning and error, the latest first. */
  readonly warnings: readonly LogLineStatus[];
}

/** What a process uses. */
export interface ProcessUse {
  readonly pid: number;
  /** Processor time since it started, user and system. */
  readonly cpuSeconds: number | null;
  /** Share of one processor in the last seconds: 1 is a whole one. */
  readonly cpuShare: number | null;
  /** Resident. */
  readonly memory: number | null;
}

/** Sums since the start, of all workers that ever were, except for `active`. */
export interface Totals {
  readonly accepted: number;
  readonly active: number;
  readonly refused: number;
  readonly silent: number;
  readonly handshakes: number;
  readonly handshakesFailed: number;
  readonly clientsDenied: number;
  readonly backendsFailed: number;
  /** Plaintext. */
  readonly bytesToBackend: number;
  readonly bytesToClient: number;
}

/** One frontend: its addresses have one name. */
export interface FrontendStatus extends Totals {
  /** As the operator wrote it. */
  readonly name: string;
  /** `HOST:PORT` of each address on which it listens. */
  readonly addresses: readonly string[];
  readonly served: boolean;
  /** How its connections ended, by the words of the access log. */
  readonly ended: Readonly<Record<string, number>>;
}

/** One worker: the present process of its slot. */
export interface WorkerStatus extends Omit<ProcessUse, "pid"> {
  /** From 1. */
  readonly index: number;
  /** Null while there is no process: the last one has ended, and the next one is not started yet. */
  readonly pid: number | null;
  readonly state: "none" | "starting" | "serving" | "draining";
  readonly startedAt: string | null;
  readonly active: number;
  readonly accepted: number;
  /** How often a process of this slot was replaced after it had ended unexpectedly. */
  readonly restarts: number;
  /** The last end of a process of this slot; null if none has ended. */
  readonly lastEnd: { readonly time: string; readonly reason: string } | null;
}

/** One served certificate. */
export interface CertificateStatus {
  /** SHA-256, hexadecimal. */
  readonly fingerprint: string;
  readonly names: readonly string[];
  /** For example `ECDSA P-256` or `RSA 2048`. */
  readonly keyType: string;
  readonly issuer: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** Negative once it has expired. */
  readonly daysLeft: number;
  /** Where it was read; for example a path. */
  readonly source: string;
  /** The names of the frontends that serve it; empty means all. */
  readonly frontends: readonly string[];
  /** Whether its file now has something else; null if unknown. */
  readonly servedDiffers: boolean | null;
  /** The OCSP response that is stapled; null if none is. */
  readonly ocsp: {
    readonly thisUpdate: string;
    readonly nextUpdate: string | null;
    readonly age: number;
  } | null;
}

/** A file that is not served. */
export interface QuarantinedFile {
  readonly source: string;
  readonly reason: string;
  /** Whether the certificate that was served before still is. */
  readonly keepsFormer: boolean;
}

/** One address of the backend. */
export interface BackendStatus {
  /** `HOST:PORT`, or a path. */
  readonly address: string;
  readonly connects: number;
  readonly failures: number;
  /** Mean of all connects; null before the first. */
  readonly connectTime: number | null;
  readonly lastFailure: { readonly time: string; readonly reason: string } | null;
}

/** The handshakes of all frontends. */
export interface HandshakeStatus {
  readonly versions: Readonly<Record<string, number>>;
  readonly ciphers: Readonly<Record<string, number>>;
  readonly groups: Readonly<Record<string, number>>;
  readonly resumed: number;
  readonly full: number;
  /** Mean; null before the first. */
  readonly time: number | null;
  /** The most frequent first. */
  readonly failures: readonly HandshakeFailureStatus[];
}

/** Handshakes that failed for one reason. */
export interface HandshakeFailureStatus {
  /** A code of docs/handshake_failures.md. */
  readonly reason: string;
  readonly count: number;
  readonly lastTime: string | null;
  readonly lastClient: string | null;
  readonly lastServerName: string | null;
}

/** Whether clients can have a post-quantum key exchange. */
export interface PostQuantumStatus {
  readonly offered: boolean;
  /** For example `X25519MLKEM768`; empty if none is offered. */
  readonly groups: readonly string[];
  /** Why not; null if it is offered. */
  readonly why: string | null;
  /** The share of full handshakes that used one; null before the first, or if the library does not tell groups. */
  readonly share: number | null;
}

/** Rates, one value a step, the oldest first. */
export interface History {
  /** Of the last value. */
  readonly time: string;
  /** Seconds from one value to the next. */
  readonly step: number;
  readonly connectionsPerSecond: readonly number[];
  readonly bytesToBackendPerSecond: readonly number[];
  readonly bytesToClientPerSecond: readonly number[];
  readonly failedHandshakesPerSecond: readonly number[];
  /** Open connections. */
  readonly active: readonly number[];
}

/** One reload. */
export interface ReloadStatus {
  readonly time: string;
  readonly outcome: "changed" | "unchanged" | "failed";
  /** What it changed, or why it failed. */
  readonly what: string;
}

/** One line of the log. */
export interface LogLineStatus {
  readonly time: string;
  readonly level: "warning" | "error";
  readonly text: string;
}

/** One live connection: an element of `GET /connections`. */
export interface ConnectionStatus extends LiveConnection {
  readonly worker: number;
}

/** The answer of `GET /connections`. */
export interface ConnectionsStatus extends LiveConnections<ConnectionStatus>, OfAllWorkers {
  readonly time: string;
}
