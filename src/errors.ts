/**
 * Every error stud raises on purpose, sorted by who has to act on it. Also the one function that turns any error into a
 * level, a line and an exit code. It never logs and never exits: `main.ts` does.
 */

/**
 * The operator's command line or configuration file is wrong, or the options that a program passed to the library. For
 * library users it is a TypeError, as they expect. Raised before anything is started.
 */
export class UsageError extends TypeError {
  override readonly name = "UsageError";
}

/** A configuration file has other syntax or other keys than it may have. The message begins with its name. */
export class ConfigFileError extends UsageError {}

/** The command line is valid, but this machine or its files refuse: port, certificate, privilege. */
export class StartupError extends Error {
  override readonly name = "StartupError";
}

/** Another program has the port. */
export class PortInUseError extends StartupError {}

/** A certificate that a TLS library refuses, although it and its key are valid. */
export interface RefusedCertificate {
  /** SHA-256 of the certificate itself (DER), in hexadecimal. */
  readonly fingerprint: string;
  /** The file it came from, or one of them. */
  readonly source: string;
  /** For the operator, without the file. */
  readonly reason: string;
}

/** A TLS library refuses at least one certificate. The message is about the first one. */
export class CertificatesRefused extends StartupError {
  readonly refused: readonly RefusedCertificate[];

  constructor(refused: readonly RefusedCertificate[], options?: ErrorOptions) {
    const more = refused.length - 1;
    const others = more === 1
      ? "; 1 other certificate is refused too"
      : `; ${more} other certificates are refused too`;
    const { source, reason } = refused[0]!;
    super(`${source}: ${reason}${more > 0 ? others : ""}`, options);
    this.refused = refused;
  }
}

/** Which side of a relayed connection is at fault. */
export type Party = "client" | "backend";

/**
 * How a peer went wrong.
 *
 * - `closed`: ended without the orderly close its protocol asks for (TLS: no close_notify)
 * - `cut`: ended within a TLS record, so data is certainly missing
 * - `reset`: connection reset (RST) by a peer that had not ended its sending direction
 * - `gone`: a write to a peer that has ended both directions (EPIPE)
 * - `refused`: the backend refused, or its unix socket is missing or forbidden; a client has too many connections
 * - `unreachable`: no route, network down
 * - `timeout`: a deadline of ours passed
 * - `silent`: ended before it sent anything, as the health checks of a balancer do
 * - `handshake`: the TLS handshake failed
 * - `denied`: the client may not connect, even if it does everything else right
 * - `resources`: this process ran out of descriptors or memory
 * - `other`: anything else; the message says what
 */
export type PeerErrorKind =
  | "closed"
  | "cut"
  | "reset"
  | "gone"
  | "refused"
  | "unreachable"
  | "timeout"
  | "silent"
  | "handshake"
  | "denied"
  | "resources"
  | "other";

/** A client or a backend did it. It ends one connection and never the worker. */
export class PeerError extends Error {
  override readonly name = "PeerError";
  readonly party: Party;
  readonly kind: PeerErrorKind;
  /** Details of this error, such as what the peer sent. The message is the same for all errors of this type. */
  readonly detail: string | undefined;
  /** Of kind `handshake`: a code of `tls/handshake_reasons.ts`. */
  readonly reason: string | undefined;

  constructor(
    party: Party,
    kind: PeerErrorKind,
    message: string,
    options?: ErrorOptions & { readonly detail?: string; readonly reason?: string },
  ) {
    super(message, options);
    this.party = party;
    this.kind = kind;
    this.detail = options?.detail;
    this.reason = options?.reason;
  }
}

/** Severity of a log line, the lowest first. */
export type LogLevel = "debug" | "info" | "warning" | "error";

/** What the entry point does with an error: one line for the log, and the exit code. */
export interface ErrorReport {
  readonly level: LogLevel;
  readonly line: string;
  readonly exitCode: number;
}

/** Turns any thrown value into the one line and the exit code that an operator sees. */
export function reportError(error: unknown): ErrorReport {
  if (error instanceof UsageError) {
    const where = error instanceof ConfigFileError
      ? "stud --default-config lists the keys"
      : "stud --help all lists the options";
    return { level: "error", line: `${error.message} (${where})`, exitCode: 1 };
  }
  if (error instanceof StartupError) {
    return { level: "error", line: error.message, exitCode: 1 };
  }
  if (error instanceof PeerError) {
    return { level: "warning", line: `${error.party}: ${error.message}`, exitCode: 1 };
  }
  const text = error instanceof Error ? error.stack ?? error.message : String(error);
  return { level: "error", line: `internal error, please report it: ${text}`, exitCode: 1 };
}
