/**
 * One connection that is open now, and which of them are meant: the same in the proxy that has them, in the messages
 * between worker and supervisor, and in the answers of the status.
 */

/** Which connections are meant: those to which all that is set applies. Empty: all. */
export interface ConnectionFilter {
  /** The client's IP address or network, as `parseNetwork` of wire/network.ts takes it; of the PROXY header if there is one. */
  readonly client?: string;
  /** A frontend's name. */
  readonly frontend?: string;
  /** The name that the client asked for (SNI), in any case. */
  readonly serverName?: string;
  /** A backend's address, as logged. */
  readonly backend?: string;
  /** Seconds since the accept. */
  readonly minAge?: number;
  /** Seconds since something was last relayed, or since the accept if nothing was. */
  readonly minIdle?: number;
}

/** One open connection. Null: unknown, or not yet; times are seconds. */
export interface LiveConnection {
  /** `HOST:PORT`, the one in its PROXY header if there is one. */
  readonly client: string | null;
  readonly serverName: string | null;
  readonly frontend: string;
  /** Null until it is connected. */
  readonly backend: string | null;
  readonly version: string | null;
  readonly cipher: string | null;
  readonly age: number;
  /** Since something was last relayed, to within some seconds; null before. */
  readonly idle: number | null;
  readonly bytesToBackend: number;
  readonly bytesToClient: number;
}

/** Those that match a filter, as many as were asked for. */
export interface LiveConnections<Connection extends LiveConnection = LiveConnection> {
  /** How many match; `connections` may have fewer. */
  readonly matching: number;
  readonly connections: readonly Connection[];
}

/** What a question to all workers brought together. */
export interface OfAllWorkers {
  /**
   * The indexes of the workers that did not answer in time, so that nothing of theirs is included; what they were asked
   * to do may still happen.
   */
  readonly unanswered: readonly number[];
}

/** How many connections were reset. */
export interface Disconnected extends OfAllWorkers {
  readonly disconnected: number;
}
