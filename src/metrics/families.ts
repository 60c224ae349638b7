/**
 * The numbers that a worker counts: one row for each family, with its labels. A new number is a row here and a place
 * where it is counted. The status page, `/metrics` and the library show them by these names, so a name stays.
 *
 * No label has a value that a client chooses: a stranger could create series without end.
 */

/** One family of numbers. */
export interface Family {
  /** `gauge`: a state, such as how many are open now. A histogram has `bounds`. */
  readonly kind: "counter" | "gauge" | "histogram";
  /** The names of its labels, in the order of their values in a series. */
  readonly labels: readonly string[];
  /** Part of the name where Prometheus wants it. */
  readonly unit?: "bytes" | "seconds";
  /** One sentence for people. */
  readonly help: string;
  /** The upper bounds of a histogram's buckets, ascending; a last bucket without a bound follows. */
  readonly bounds?: readonly number[];
}

/** Seconds; a handshake takes about a millisecond of CPU and one or two round trips. */
const HANDSHAKE_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Seconds. */
const CONNECT_BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** Seconds; from one short request to a connection that is kept for a day. */
const DURATION_BOUNDS = [0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1_800, 3_600, 21_600, 86_400];

/** All families, by name. `frontend` is a frontend's name, `backend` an address, both as in the log. */
export const FAMILIES = {
  connections_accepted: {
    kind: "counter",
    labels: ["frontend"],
    help: "Connections accepted, whether or not their handshake succeeded.",
  },
  connections_active: {
    kind: "gauge",
    labels: ["frontend"],
    help: "Connections that are open now.",
  },
  /** `cause`: `end` of the access log; `by`: client, backend, stud or none. */
  connections_ended: {
    kind: "counter",
    labels: ["frontend", "cause", "by"],
    help: "Connections that have ended, by the cause that the access log gives.",
  },
  connections_refused: {
    kind: "counter",
    labels: ["frontend", "limit"],
    help: "Connections refused because of a limit.",
  },
  connections_silent: {
    kind: "counter",
    labels: ["frontend"],
    help: "Connections closed by clients before they sent anything, such as health checks.",
  },
  clients_denied: {
    kind: "counter",
    labels: ["frontend"],
    help: "Clients with a valid certificate that are not allowed to connect.",
  },
  /** Each label is `unknown` if the TLS library does not tell it; `resumed`: yes or no. */
  handshakes: {
    kind: "counter",
    labels: ["frontend", "version", "cipher", "group", "resumed", "engine"],
    help: "Handshakes that succeeded, by what was negotiated.",
  },
  handshake_failures: {
    kind: "counter",
    labels: ["frontend", "reason"],
    help: "Handshakes that failed, by reason.",
  },
  to_backend_bytes: {
    kind: "counter",
    labels: ["frontend"],
    unit: "bytes",
    help: "Plaintext bytes received from clients.",
  },
  to_client_bytes: {
    kind: "counter",
    labels: ["frontend"],
    unit: "bytes",
    help: "Plaintext bytes received from backends.",
  },
  without_close_notify: {
    kind: "counter",
    labels: ["frontend", "by"],
    help: "Connections that a client or backend ended without close_notify.",
  },
  backend_connects: {
    kind: "counter",
    labels: ["backend"],
    help: "Connections made to a backend.",
  },
  backend_failures: {
    kind: "counter",
    labels: ["backend", "reason"],
    help: "Connections to a backend that could not be made.",
  },
  limit_reached: {
    kind: "counter",
    labels: ["limit"],
    help: "How often a limit made new clients wait, or refused one.",
  },
  handshake_duration_seconds: {
    kind: "histogram",
    labels: ["frontend"],
    unit: "seconds",
    help: "Time from accept to the end of a successful handshake.",
    bounds: HANDSHAKE_BOUNDS,
  },
  backend_connect_duration_seconds: {
    kind: "histogram",
    labels: ["backend"],
    unit: "seconds",
    help: "Time to connect to a backend, TLS to it included.",
    bounds: CONNECT_BOUNDS,
  },
  connection_duration_seconds: {
    kind: "histogram",
    labels: ["frontend"],
    unit: "seconds",
    help: "Time from accept to the end of a connection.",
    bounds: DURATION_BOUNDS,
  },
} as const satisfies Readonly<Record<string, Family>>;

/** The name of a family. */
export type FamilyName = keyof typeof FAMILIES;

/** The names of the families of a kind. */
export type NameOf<Kind extends Family["kind"]> = {
  [Name in FamilyName]: (typeof FAMILIES)[Name]["kind"] extends Kind ? Name : never;
}[FamilyName];

/** One value for each label of a family, in the same order. */
export type LabelsOf<Name extends FamilyName> = Values<(typeof FAMILIES)[Name]["labels"]>;

type Values<Labels extends readonly string[]> = { readonly [Index in keyof Labels]: string };
