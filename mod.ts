/**
 * stud, the Scalable TLS Unwrapping Daemon, as a library: terminate TLS inside a program and pass the
 * plaintext to a backend. Run as a program, this module is the `stud` command.
 *
 * ```ts
 * import { terminate } from "./mod.ts";
 *
 * const proxy = await terminate({
 *   frontend: "*,8443",
 *   backend: "127.0.0.1,8000",
 *   pemFile: "cert.pem",
 * });
 * console.log(proxy.addresses, proxy.counters);
 * await proxy.close({ drainTimeout: 10 });
 * ```
 *
 * It logs through LogTape under the category `stud`, and is quiet until the program configures a sink.
 *
 * @module
 */

import { settleSignals } from "#signals";
import type { TerminateOptions } from "./src/library/terminate_options.ts";
import type { Terminator } from "./src/terminate.ts";

export type {
  CloseOptions,
  LimitedFrontend,
  TerminateOptions,
} from "./src/library/terminate_options.ts";
export type { Terminator } from "./src/terminate.ts";
export type { ConnectionReport, Ending } from "./src/log/access_line.ts";
export type { Counters } from "./src/proxy/counters.ts";
export type { MetricsFormat } from "./src/status/openmetrics.ts";
export type { ProxyStatus } from "./src/status/proxy_status.ts";
export type {
  BackendStatus,
  CertificateStatus,
  FrontendStatus,
  HandshakeFailureStatus,
  HandshakeStatus,
  Totals,
} from "./src/status/status.ts";
export type { SocketAddress } from "./src/wire/preface.ts";
export { PeerError, StartupError, UsageError } from "./src/errors.ts";

/**
 * Listens on a frontend, terminates TLS and relays the plaintext to a backend, in this process.
 *
 * Rejects with {@linkcode UsageError}, which is a `TypeError`, for options that are unknown, of a wrong type or
 * meaningless; this happens before anything is opened. Rejects with {@linkcode StartupError} when this machine refuses
 * (port, certificate, name); nothing stays open then.
 */
export async function terminate(options: TerminateOptions): Promise<Terminator> {
  // Imported here, because the command does not need them.
  const [{ createRuntime }, { terminateOn }] = await Promise.all([
    import("#runtime"),
    import("./src/terminate.ts"),
  ]);
  return await terminateOn(createRuntime({ workerArguments: [] }), options);
}

// Not awaited: Node can only require modules without an `await` of their own.
if (import.meta.main) {
  settleSignals();
  void import("./src/main.ts").then(({ main }) => main());
}
