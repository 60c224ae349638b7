/** The library: a proxy inside the calling program, without supervisor, workers or signals. */

import { getLogger } from "@logtape/logtape";
import { namingOption } from "./config/file_option.ts";
import { parseSettings } from "./config/parse_settings.ts";
import type { Settings, TlsLibraryName } from "./config/settings.ts";
import { StartupError, UsageError } from "./errors.ts";
import { checkCloseOptions, checkOptions } from "./library/check_options.ts";
import { inLibraryWords } from "./library/library_words.ts";
import { rawOptions } from "./library/raw_options.ts";
import type { CloseOptions, TerminateOptions } from "./library/terminate_options.ts";
import type { Logger } from "./log/logger.ts";
import type { Counters } from "./proxy/counters.ts";
import { Proxy } from "./proxy/proxy.ts";
import type { Runtime } from "./runtime/runtime.ts";
import type { SocketAddress } from "./wire/preface.ts";
import { BackendRefresh } from "./plan/backend_refresh.ts";
import { refuseOwnBackend } from "./service/own_backend.ts";
import { betterLibrary } from "./plan/better_library.ts";
import { makePlan, tlsConfigurations } from "./plan/plan.ts";
import { claimPorts, workerFrontends } from "./service/ports.ts";
import type { MetricsFormat } from "./status/openmetrics.ts";
import { ProxyReport } from "./status/proxy_report.ts";
import type { ProxyStatus } from "./status/proxy_status.ts";
import { makeTlsPlan } from "./plan/tls_plan.ts";
import { type CheckedCertificate, readCertificate, withKey } from "./x509/certificate_file.ts";
import type { TlsEngine } from "./tls/engine.ts";
import { ENGINES } from "./tls/engines.ts";
import { makeEngine } from "./tls/make_engine.ts";
import type { TlsConfiguration } from "./tls/tls_configuration.ts";

/** A running proxy. */
export interface Terminator {
  /** Where it listens; a frontend `*` or a name may mean several. */
  readonly addresses: readonly SocketAddress[];
  /** A copy of the counters as they are now. */
  readonly counters: Readonly<Counters>;
  /**
   * What it has counted, as text for Prometheus: format 0.0.4, or OpenMetrics 1.0. Metrics and labels are those of
   * docs/monitoring.md.
   */
  metrics(format?: MetricsFormat): string;
  /** What it knows about itself at this moment. */
  status(): ProxyStatus;
  /** Stops listening, lets clients finish, resets those left at the deadline. Resolves when all is closed. */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * `terminate` of `mod.ts` on any runtime.
 *
 * @internal
 */
export async function terminateOn(
  runtime: Runtime,
  options: TerminateOptions,
): Promise<Terminator> {
  const checked = checkOptions(options);
  try {
    return await start(runtime, checked);
  } catch (error) {
    throw inLibraryWords(namingOption(error, rawOptions(checked)));
  }
}

async function start(runtime: Runtime, options: TerminateOptions): Promise<Terminator> {
  const parsed = parseSettings(rawOptions(options), builtInFirst(runtime.tlsLibraries));
  checkTrust(parsed);
  const given = options.pem === undefined ? undefined : {
    certificates: [certificateIn(options.pem)],
    defaultCertificate: 0,
  };
  const planFor = async (settings: Settings) =>
    await makePlan(
      settings,
      await makeTlsPlan(settings, runtime, given && { loaded: given }),
      runtime,
    );
  const first = await planFor(parsed);
  const better = await betterLibrary(parsed, tlsConfigurations(first), runtime);
  const settings = better === undefined ? parsed : { ...parsed, tlsLibrary: better };
  const plan = better === undefined ? first : await planFor(settings);
  const engines = new Map<TlsConfiguration, TlsEngine>();
  for (const tls of tlsConfigurations(plan)) engines.set(tls, await makeEngine(runtime, tls));
  for (const engine of engines.values()) await engine.check();
  // It logs nothing until the program configures a sink for this category.
  const log: Logger = getLogger(["stud"]);
  if (better !== undefined) {
    log.info("TLS by OpenSSL because of {because}", { because: better.because });
  }
  const claimed = await claimPorts(plan, runtime);
  const { backend: endpoints } = plan.configuration;
  await refuseOwnBackend(endpoints, workerFrontends(claimed), runtime.network);
  const { tls: general } = plan.configuration;
  const frontends = workerFrontends(claimed).map(({ tls = general, ...frontend }) => ({
    ...frontend,
    engine: engines.get(tls)!,
  }));
  const proxy = await Proxy.listen(
    runtime,
    {
      ...plan.configuration,
      ...{ frontends, reusePort: false, onConnection: quiet(options.onConnection) },
      // The clients are in this process only, whatever else it does.
      workers: 1,
    },
    log,
  );
  proxy.serve();
  const { backendName, configuration: { backend } } = plan;
  const refresh = backendName && new BackendRefresh(
    ...[runtime.clock, log, backendName, backend] as const,
    (endpoints) => proxy.useBackend(endpoints),
  );
  const report = new ProxyReport(plan, claimed, runtime.clock.date());
  return {
    addresses: proxy.addresses,
    get counters() {
      return { ...proxy.counters };
    },
    metrics: (format = "prometheus") => report.metrics(proxy.metrics.values(), format),
    status: () => report.status(proxy.metrics.values(), proxy.faults, runtime.clock.date()),
    async close(options?: CloseOptions) {
      const { drainTimeout = settings.timeouts.drain } = checkCloseOptions(options);
      report.drains();
      refresh?.stop();
      await proxy.drain(drainTimeout * 1000);
    },
  };
}

function certificateIn(pem: string | Uint8Array): CheckedCertificate {
  const text = typeof pem === "string" ? pem : new TextDecoder().decode(pem);
  const file = readCertificate(text, "pem");
  if (file.ownKey !== undefined) return withKey(file, file.ownKey);
  throw new StartupError("pem: no private key in it; append the key to the certificate");
}

/** On Node, a rejected promise without a handler would end the calling program. */
function quiet(onConnection: TerminateOptions["onConnection"]): TerminateOptions["onConnection"] {
  return onConnection && ((connection) => {
    const result: unknown = onConnection(connection);
    if (isThenable(result)) Promise.resolve(result).catch(() => {});
  });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}

/**
 * Built-in libraries first: inside another program, OpenSSL is third-party code and has no event loop of stud's to
 * speed up.
 */
function builtInFirst(libraries: readonly TlsLibraryName[]): TlsLibraryName[] {
  const rank = (name: TlsLibraryName) => Number(ENGINES[name].foreignCode);
  return [...libraries].sort((one, other) => rank(one) - rank(other));
}

/** stud can restrict rustls to the given authorities in its own workers, but not inside another program. */
function checkTrust({ backend, tlsLibrary }: Settings): void {
  if (backend.tls?.ca === undefined || !ENGINES[tlsLibrary.name].addsAuthorities) return;
  throw new UsageError(
    'backendCa: in your program rustls would trust other authorities too; add tlsLibrary: "openssl"',
  );
}
