/** What the endpoints ask a running stud: to tell, and to do. Its answers are what they show. */

import type { ConnectionFilter, Disconnected } from "../live_connection.ts";
import type { LogSettings } from "../config/settings.ts";
import type { MetricFamily } from "./openmetrics.ts";
import type { ConnectionsStatus, ReloadStatus, Status } from "./status.ts";

/** A running stud. */
export interface StatusSource {
  status(): Promise<Status>;
  families(): Promise<readonly MetricFamily[]>;
  /** Why clients are not to be sent here now; undefined: every frontend is served, and no drain has been announced. */
  readonly unready: string | undefined;
  /** The live connections that match, at most `limit` of them. */
  connections(filter: ConnectionFilter, limit: number): Promise<ConnectionsStatus>;
  /** Does what SIGHUP does, and resolves with the outcome. */
  reload(): Promise<ReloadStatus>;
  /** Does what a first SIGTERM does; false if that has happened already. */
  drain(): boolean;
  /** Opens the log files again. */
  reopen(): Promise<void>;
  /** Logs from this level on, until a reload of the configuration. */
  setLogLevel(level: LogSettings["level"]): Promise<void>;
  /**
   * Logs everything about the handshakes of clients in this network for this time. Resolves with how many workers do;
   * rejects with `UsageError` if it is no network.
   */
  trace(cidr: string, seconds: number): Promise<number>;
  /** Resets the connections that match. */
  disconnect(filter: ConnectionFilter): Promise<Disconnected>;
}
