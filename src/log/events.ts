/**
 * The stable names of what stud logs, for programs that read the log (`--log-format`). One table maps the template of a
 * log call to its event; the other names are those that calls give themselves, because their template does not tell.
 * `deno task check:docs` holds both against the source. A name never changes, even if the wording of its line does.
 */

/** Events by the template of their line. */
const BY_TEMPLATE = {
  "--access-log: cannot reopen the file, keeping the old one: {reason}": "access_log_reopen_failed",
  "--access-log {path}: cannot write: {reason}": "access_log_write_failed",
  "--access-log {path} no log daemon is running, lines wait for it: {reason}": "access_log_away",
  "--access-log {path}: {lines} lost": "access_log_lines_lost",
  "{lost} of the access log lost": "worker_access_log_lines_lost",
  "--dbg-listen {reason}": "listen_report_failed",
  "--ocsp-dir {directory}: cannot store OCSP responses, keeping them in memory only: {message}":
    "ocsp_store_failed",
  "NOTIFY_SOCKET {socket}: could not notify the service manager: {reason}":
    "service_manager_notify_failed",
  "OCSP: new response for {source} from {responder}; stapled until {until}": "ocsp_response_new",
  "OCSP: no response for {source} from {responder}: {reason}; {rest}; next attempt in {seconds} s":
    "ocsp_request_failed",
  "OCSP: no response: {count} more within {seconds} s from {kind}, the last one: {source}":
    "ocsp_requests_failed",
  "OCSP: the response for {source} has expired; nothing is stapled until there is a new one":
    "ocsp_response_expired",
  "OpenSSL cannot be used here: {missing}": "openssl_missing",
  "TLS by OpenSSL because of {because}": "openssl_chosen",
  "another stud has taken over": "taken_over",
  "backend {text} is now {now}; it was {before}": "backend_addresses_changed",
  "backend {text} resolves again": "backend_resolves_again",
  "backend {text}: lookup failed: {reason}; keeping {now}": "backend_lookup_failed",
  "could not signal process {pid}: {reason}; stop it manually": "takeover_signal_failed",
  "no longer tracing handshakes of {cidr}{left}": "trace_ended",
  "no post-quantum key exchange: {why}": "post_quantum_missing",
  "trace: {client}: {what}": "trace",
  "tracing handshakes of {cidr} for {seconds} s": "trace_started",
  "counters of {workers} follow{ended}": "counters_requested",
  "counters: {counters}": "counters",
  "draining: waiting up to {limit} s for open connections": "draining",
  "in quarantine: {line}": "certificate_quarantined",
  "internal error, please report it: {error}": "worker_internal_error",
  "new workers are needed: {reason}": "new_workers_needed",
  "reload failed, keeping the current configuration: {line}": "reload_failed",
  "reloaded: {what}": "reloaded",
  "drain announced: still accepting for {delay} s (--drain-delay)": "drain_announced",
  "status is served on {where}": "status_served",
  "{path}: this socket was removed or replaced; status is served on it again": "status_restored",
  "stopped{totals}": "stopped",
  "the sandbox of the workers is incomplete: {unconfined}": "sandbox_incomplete",
  "took over from process {pid}, which is draining now": "took_over",
  "worker {index} (process {pid}) broke the control protocol: {breach}; stud kills and replaces it":
    "worker_broke_protocol",
  "worker {index} (process {pid}) died before it served: {reason}": "worker_died_early",
  "worker {index} (process {pid}) died: {reason}; its connections are lost": "worker_died",
  "worker {index} (process {pid}) hangs: no answer for {seconds} s (--worker-timeout); stud kills and replaces it":
    "worker_hangs",
  "worker {index} (process {pid}) received SIGTERM; replacing it": "worker_received_sigterm",
  "worker {index} cannot serve: {reason}": "worker_cannot_serve",
  "worker {index} keeps dying; next start in {seconds} s": "worker_keeps_dying",
  "worker {index} serves again (process {pid})": "worker_serves_again",
  "worker {index}: {lines} lost: more than {limit} per second": "worker_log_lines_limited",
  "{client}: ended{agreed}": "connection_closed",
  "{client}: {reason}": "connection_silent",
  "{name} reached: new clients wait in the kernel's queue{why}": "limit_reached",
  "{option}: {library} does not report {missing}; {remedy} does": "facts_missing",
  "{paths}: changed on disk; send SIGHUP to reload": "files_changed",
  "{reason}; starting it again": "worker_start_repeated",
  "{rest} expire soon or have expired": "certificates_expire",
  "{source}: no OCSP response is fetched: the issuer's certificate does not follow the certificate in the file; append it":
    "ocsp_issuer_missing",
  "{source}: no OCSP response is fetched: {message}": "ocsp_certificate_unusable",
  "{source}: the certificate is revoked according to {responder}; nothing is stapled, and clients that check it refuse it; replace it":
    "certificate_revoked",
} as const;

/** Events that their calls name, and the lines that they are. */
export const NAMED_EVENTS = {
  accept_failed: "cannot accept clients: {reason} ({detail})",
  certificate_expires: "a warning about one certificate or revocation list: {warning}",
  client_denied: "client denied: {reason} (client …)",
  configuration_warning: "any other warning at the start or at a reload: {warning}",
  connection_failed: "connection ended: {reason} (client …)",
  connection_refused: "connection refused: {reason} (client …)",
  backend_failed: "backend failed: {reason} (client …)",
  cpu_pinning_failed: "a worker has no CPU of its own: {reason}",
  file_kept: "bad file, keeping its previous content: …",
  handover_incomplete: "a handover between workers was not perfect: {reason}",
  handshake_failed: "handshake failed: {reason} (client …)",
  internal_error: "internal error, please report it: …",
  log_lines_lost: "{count} log lines lost: …",
  log_reopen_failed: "--log-filename: cannot reopen the file, keeping the old one: {reason}",
  preface_field_omitted: "what does not fit into the PROXY header: {what}",
  serving: "{serving}",
  status_failed: "status and metrics cannot be served: {reason}",
  startup_failed: "the error that ends the start: {line}",
  syslog_away: "syslog: no log daemon is running, lines wait for it: {reason}",
  worker_log_lines_lost: "{count} log lines of this worker lost",
  worker_output: "what a worker's runtime has printed: {text}",
} as const;

/** Other names of values: what lines call by a short word, programs get under one that is clear alone. */
export const FIELD_NAMES: ReadonlyMap<string, string> = new Map([
  ["index", "worker"],
  ["message", "reason"],
]);

/** The name of an event. */
export type EventName =
  | (typeof BY_TEMPLATE)[keyof typeof BY_TEMPLATE]
  | keyof typeof NAMED_EVENTS;

/** All names. */
export const EVENT_NAMES: readonly EventName[] = [
  ...Object.values(BY_TEMPLATE),
  ...Object.keys(NAMED_EVENTS) as (keyof typeof NAMED_EVENTS)[],
];

/** Templates and their events. */
export const EVENT_OF_TEMPLATE: ReadonlyMap<string, EventName> = new Map(
  Object.entries(BY_TEMPLATE),
);
