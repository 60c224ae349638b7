/**
 * The parent process: starts the workers, keeps them running, applies configuration changes to them, ends them in
 * order, writes the log. It never touches traffic, and it survives anything that happens to a worker.
 */

import type { LogSettings } from "../config/settings.ts";
import type { BackendEndpoint, ServingBy } from "../control/messages.ts";
import { counted } from "../counted.ts";
import { CertificatesRefused, reportError, StartupError } from "../errors.ts";
import type { AccessOutput } from "../log/access_output.ts";
import type { Logger } from "../log/log.ts";
import { pause, type Runtime } from "../runtime/runtime.ts";
import { isSameData } from "../same_data.ts";
import { Fleet, type NextState } from "./fleet.ts";
import { BackendRefresh } from "../plan/backend_refresh.ts";
import type { OcspRefresher } from "../ocsp/refresher.ts";
import type { Plan } from "../plan/plan.ts";
import { type ClaimedFrontend, workerFrontends } from "../service/ports.ts";
import { describeServing, type Serving, servingFacts } from "./describe_serving.ts";
import { describeTotals, sumOfTotals } from "./describe_totals.ts";
import { reloadOutcome, type ReloadReport } from "./reload_outcome.ts";
import { postQuantum } from "../tls/post_quantum.ts";
import type { StopSignals } from "../service/stop_signals.ts";
import { Turns } from "./turns.ts";
import { reportUntold } from "./untold_facts.ts";

/** The parts of a supervisor. */
export interface SupervisorOptions {
  readonly runtime: Runtime;
  readonly plan: Plan;
  /** As returned by `claimPorts`. */
  readonly frontends: readonly ClaimedFrontend[];
  readonly signals: StopSignals;
  readonly log: Logger;
  /** Where lines of the access log go. */
  readonly accessLog?: AccessOutput | undefined;
  /** Keeps OCSP responses fresh while workers run. */
  readonly responses?: OcspRefresher | undefined;
  /** Claims the addresses of a plan's frontends; `held` are claimed already. */
  readonly claim: (
    plan: Plan,
    held: readonly ClaimedFrontend[],
  ) => Promise<readonly ClaimedFrontend[]>;
  /**
   * Makes a new plan from the current content of the files. Rejects if they are invalid. `refused`: why the TLS library
   * does not serve a certificate, by fingerprint.
   */
  readonly planAgain: (
    former: Plan,
    scope: ReloadScope,
    refused: ReadonlyMap<string, string>,
  ) => Promise<Plan>;
  /** Called on SIGHUP, before the reload. */
  readonly onHangUp?: () => void;
  /** Called when a reload begins; `onServing` follows, whether it succeeds or not. */
  readonly onReloading?: () => void;
  /** Called when the workers serve, and again after each reload, with what they serve by. */
  readonly onServing?: (plan: Plan, frontends: readonly ClaimedFrontend[]) => void;
  /** Called when a reload has ended. */
  readonly onReloaded?: (report: ReloadReport) => void;
}

/** `draining`: from the moment that a drain is announced. */
export type SupervisorPhase = "starting" | "serving" | "draining";

/** What is read again: certificates and the files that belong to them, or command line and configuration file too. */
export type ReloadScope = "certificates" | "all";

/** Runs workers by a plan until a signal ends them. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #runtime: Runtime;
  readonly #log: Logger;
  readonly #signals: StopSignals;
  readonly #reloads = new Turns(() => this.#reload());
  readonly #fleet: Fleet;
  #plan: Plan;
  #frontends: readonly ClaimedFrontend[];
  #library = "";
  #scope: ReloadScope = "certificates";
  #refresh: BackendRefresh | undefined;
  #phase: SupervisorPhase = "starting";
  #stopping = false;
  /** Called with the outcome of the next reload that begins. */
  #askers: ((report: ReloadReport) => void)[] = [];

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#runtime = options.runtime;
    this.#log = options.log;
    this.#signals = options.signals;
    this.#plan = options.plan;
    this.#frontends = options.frontends;
    const { runtime, log, accessLog, responses } = options;
    this.#fleet = new Fleet(this.#stateOf(this.#plan, this.#frontends), {
      ...{ runtime, log, accessLog },
      // Otherwise the ports were claimed for this stud alone.
      takesOver: this.#plan.settings.service.takeover !== undefined,
      onServing: (servingBy) => this.#useLibrary(servingBy),
    });
    responses?.onChange(() => {
      void this.#fleet.apply({ ...this.#fleet.state, staples: responses.staples });
    });
  }

  /** Resolves when everything has ended. Throws {@linkcode StartupError} if a worker cannot start. */
  async run(): Promise<void> {
    const { responses } = this.#options;
    const { stapling, configuration: { tls } } = this.#plan;
    // With `orElse`, only the workers can tell whether anything can be stapled.
    if (tls.orElse === undefined) responses?.watch(stapling);
    try {
      const started = this.#fleet.start();
      started.catch(() => {}); // A signal may have ended the wait for it.
      const first = await Promise.race([started, this.#signals.stop]);
      if (typeof first !== "string") this.#serves();
    } catch (error) {
      responses?.stop();
      await this.#fleet.kill();
      throw error;
    }
    const stop = await this.#signals.stop;
    if (stop === "drain") await this.#announceDrain();
    this.#phase = "draining";
    this.#stopping = true;
    this.#refresh?.stop();
    if (stop === "drain") await this.#drain();
    responses?.stop();
    await this.#fleet.kill();
    this.#log.info("stopped{totals}", { totals: describeTotals(this.#fleet.totals) }, {
      fields: { totals: undefined, ...sumOfTotals(this.#fleet.totals) },
    });
  }

  /** Makes the workers serve by the current content of the files, as soon as possible. */
  reload(scope: ReloadScope): void {
    if (scope === "all") this.#scope = scope;
    this.#reloads.request();
  }

  /** Reloads everything, and resolves with the outcome. */
  reloadNow(): Promise<ReloadReport> {
    return new Promise((resolve) => {
      this.#askers.push(resolve);
      this.reload("all");
    });
  }

  /** Logs from this level on, until the configuration is read again. Rejects with {@linkcode StartupError}. */
  async setLogLevel(level: LogSettings["level"]): Promise<void> {
    await this.#reloads.between(async () => {
      if (this.#isEnding) throw new StartupError(ENDING);
      const plan = withLogLevel(this.#plan, level);
      const { log } = plan.configuration;
      const { configuration, staples } = this.#fleet.state;
      await this.#fleet.apply({ configuration: { ...configuration, log }, staples });
      this.#plan = plan;
      this.#options.onServing?.(plan, this.#frontends);
    });
  }

  /** What it does. */
  get phase(): SupervisorPhase {
    return this.#phase;
  }

  /** What it serves by. */
  get plan(): Plan {
    return this.#plan;
  }

  /** Where it serves. */
  get frontends(): readonly ClaimedFrontend[] {
    return this.#frontends;
  }

  /** The TLS library of its workers; empty until they serve. */
  get library(): string {
    return this.#library;
  }

  /** Its workers, to look at. */
  get fleet(): Fleet {
    return this.#fleet;
  }

  /** Makes the workers log their counters, for SIGUSR2. */
  logCounters(): void {
    const { alive, totals: ended } = this.#fleet;
    for (const worker of alive) void worker.ask("report", {});
    const totals = describeTotals(ended);
    this.#log.info("counters of {workers} follow{ended}", {
      workers: counted(alive.length, "worker"),
      ended: totals === "" ? "" : `; ended workers${totals}`,
    }, { fields: { ended: undefined, workers: alive.length, ...sumOfTotals(ended) } });
  }

  #serves(): void {
    this.#phase = "serving";
    if (this.#plan.configuration.tls.orElse !== undefined) this.#watch(this.#plan);
    this.#log.info(
      "{serving}",
      { serving: describeServing(this.#serving) },
      servingFacts(this.#serving),
    );
    reportUntold(this.#log, this.#plan, this.#fleet.state.missing !== undefined);
    this.#tellPostQuantum();
    const { traceClient, traceFor } = this.#plan.settings.log;
    if (traceClient !== undefined) void this.#fleet.trace(traceClient, traceFor);
    this.#options.onServing?.(this.#plan, this.#frontends);
    this.#refreshBackend();
    this.#signals.onHangUp = () => {
      this.#options.onHangUp?.();
      this.reload("all");
    };
  }

  #tellPostQuantum(): void {
    const { tls } = this.#plan.configuration;
    const { why } = postQuantum(this.#library, tls.engine);
    if (why === undefined || tls.backend !== undefined) return;
    this.#log.info("no post-quantum key exchange: {why}", { why });
  }

  #useLibrary({ library, missing, unconfined }: ServingBy): void {
    this.#library = library;
    if (unconfined !== undefined) {
      this.#log.warning("the sandbox of the workers is incomplete: {unconfined}", { unconfined });
    }
    if (missing !== undefined) {
      this.#log.info("OpenSSL cannot be used here: {missing}", { missing });
    }
  }

  /** Keeps fresh what a plan wants stapled, unless these workers do without OpenSSL. */
  #watch({ stapling, configuration: { tls } }: Plan): void {
    const isMissing = tls.orElse !== undefined && this.#fleet.state.missing !== undefined;
    this.#options.responses?.watch(isMissing ? undefined : stapling);
  }

  /** Whether it is too late for changes. */
  get #isEnding(): boolean {
    return this.#stopping || this.#phase === "draining";
  }

  async #reload(): Promise<void> {
    const askers = this.#askers;
    this.#askers = [];
    const report = this.#isEnding ? undefined : await this.#reloadOnce();
    if (report !== undefined) this.#options.onReloaded?.(report);
    for (const tell of askers) tell(report ?? { outcome: "failed", what: ENDING });
  }

  /** Undefined if stud ended meanwhile. */
  async #reloadOnce(): Promise<ReloadReport | undefined> {
    const scope = this.#scope;
    this.#scope = "certificates";
    this.#options.onReloading?.();
    let report: ReloadReport;
    try {
      const done = await this.#changeTo(scope);
      if (done === undefined) return undefined;
      const { plan, frontends, workersChanged } = done;
      const former = this.#plan;
      this.#plan = plan;
      this.#frontends = frontends;
      this.#refreshBackend();
      for (const line of plan.tls.quarantined) this.#log.error("in quarantine: {line}", { line });
      for (const line of plan.tls.held.lines) {
        this.#log.error("{line}", { line }, { event: "file_kept" });
      }
      for (const warning of newWarnings(plan, former)) {
        this.#log.warning("{warning}", { warning }, { event: "configuration_warning" });
      }
      const serving = describeServing(this.#serving);
      report = reloadOutcome(plan, former, { workersChanged, serving });
      this.#log.info("reloaded: {what}", { what: report.what });
    } catch (error) {
      this.#watch(this.#plan);
      const { line } = reportError(error);
      report = { outcome: "failed", what: line };
      this.#log.error("reload failed, keeping the current configuration: {line}", { line });
    }
    this.#options.onServing?.(this.#plan, this.#frontends);
    return report;
  }

  /** Leaves out certificates that the TLS library refuses, which shows only when the workers load them. */
  async #changeTo(scope: ReloadScope) {
    const refused = new Map<string, string>();
    for (;;) {
      try {
        const plan = await this.#options.planAgain(this.#plan, scope, refused);
        const frontends = await this.#options.claim(plan, this.#frontends);
        if (this.#stopping) return undefined;
        this.#watch(plan);
        const { missing } = this.#fleet.state;
        const workersChanged = await this.#fleet.apply(this.#stateOf(plan, frontends));
        if (missing !== this.#fleet.state.missing) this.#watch(plan);
        return { plan, frontends, workersChanged };
      } catch (error) {
        if (!(error instanceof CertificatesRefused)) throw error;
        // A worker that refuses the same ones again, or ever new ones, is not believed.
        const fresh = error.refused.filter(({ fingerprint }) => !refused.has(fingerprint));
        if (fresh.length === 0 || refused.size > MAX_REFUSED) throw error;
        for (const { fingerprint, reason } of fresh) refused.set(fingerprint, reason);
      }
    }
  }

  #stateOf(plan: Plan, frontends: readonly ClaimedFrontend[]): NextState {
    const configuration = { ...plan.configuration, frontends: workerFrontends(frontends) };
    return { configuration, staples: this.#options.responses?.staples ?? new Map() };
  }

  get #serving(): Serving {
    return { plan: this.#plan, addresses: this.#fleet.addresses, library: this.#library };
  }

  /** Refreshes the backend's addresses by the present plan. */
  #refreshBackend(): void {
    this.#refresh?.stop();
    const { backendName, configuration: { backend } } = this.#plan;
    const use = (addresses: readonly BackendEndpoint[]) => {
      const { configuration, staples } = this.#fleet.state;
      void this.#fleet.apply({ configuration: { ...configuration, backend: addresses }, staples });
    };
    this.#refresh = backendName &&
      new BackendRefresh(this.#runtime.clock, this.#log, backendName, backend, use);
  }

  /** Goes on for a while, so that balancers notice first; but not if a successor has the clients already. */
  async #announceDrain(): Promise<void> {
    const isServing = this.#phase === "serving";
    this.#phase = "draining";
    const { drainDelay: delay } = this.#plan.settings.service;
    if (!isServing || delay === 0 || this.#signals.isReplaced) return;
    this.#log.info("drain announced: still accepting for {delay} s (--drain-delay)", { delay });
    const { hurry, replaced } = this.#signals;
    await Promise.race([pause(this.#runtime.clock, delay * 1000), hurry, replaced]);
  }

  async #drain(): Promise<void> {
    const { settings: { service }, configuration: { timeouts } } = this.#plan;
    const limit = service.resetsOnSigterm && this.#signals.isTerminated ? 0 : timeouts.drain;
    this.#log.info("draining: waiting up to {limit} s for open connections", { limit });
    const drained = this.#fleet.drain(limit);
    // Workers keep the limit themselves; one that does not is killed a little later.
    const overdue = pause(this.#runtime.clock, limit * 1000 + GRACE);
    await Promise.race([drained, overdue, this.#signals.hurry]);
  }
}

function withLogLevel(plan: Plan, level: LogSettings["level"]): Plan {
  const log = { ...plan.settings.log, level };
  return {
    ...plan,
    settings: { ...plan.settings, log },
    changeable: { ...plan.changeable, log: { ...plan.changeable.log!, level } },
    configuration: { ...plan.configuration, log },
  };
}

/** Warnings that have not been given before, and changes that need a restart. */
function newWarnings(plan: Plan, former: Plan): string[] {
  const fresh = plan.warnings.filter((warning) => !former.warnings.includes(warning));
  const stale = Object.entries(plan.fixed).filter(([name, value]) =>
    !isSameData(value, former.fixed[name])
  ).map(([name]) => name);
  if (stale.length === 0) return fresh;
  return [
    ...fresh,
    `${stale.join(", ")}: changed, but this needs a restart; everything else is in effect`,
  ];
}

/** Max certificates refused in one reload. */
const MAX_REFUSED = 10_000;
const ENDING = "stud is ending";
/** Milliseconds. */
const GRACE = 3_000;
