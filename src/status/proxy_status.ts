/** The part of the status that a proxy inside another program has. */

import type {
  BackendStatus,
  CertificateStatus,
  FrontendStatus,
  HandshakeStatus,
  Totals,
} from "./status.ts";

/** A proxy at one moment. Times are ISO 8601 in UTC, durations seconds, sizes bytes; null: not known. */
export interface ProxyStatus {
  readonly time: string;
  readonly startedAt: string;
  readonly uptime: number;
  readonly state: "serving" | "draining";
  readonly totals: Totals;
  readonly frontends: readonly FrontendStatus[];
  readonly backends: readonly BackendStatus[];
  readonly certificates: readonly CertificateStatus[];
  readonly handshakes: HandshakeStatus;
}
