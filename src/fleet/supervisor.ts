/**
 * The parent process: starts the workers, keeps them running, has them change when the configuration does, ends
 * them in order, writes the log. It never touches traffic, and it outlives whatever happens to a worker.
 */

import type { BackendEndpoint, ServingBy } from "../control/messages.ts";
import { counted } from "../counted.ts";
import { CertificatesRefused, reportError } from "../errors.ts";
import type { AccessOutput } from "../log/access_output.ts";
import type { Logger } from "../log/log.ts";
import { pause, type Runtime } from "../runtime/runtime.ts";
import { isSameData } from "../same_data.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";
import { Fleet, type NextState } from "./fleet.ts";
import { BackendRefresh } from "../plan/backend_refresh.ts";
import type { OcspRefresher } from "../ocsp/refresher.ts";
import type { Plan } from "../plan/plan.ts";
import { type ClaimedFrontend, workerFrontends } from "../service/ports.ts";
import { reloadOutcome } from "./reload_outcome.ts";
import type { StopSignals } from "../service/stop_signals.ts";
import { Turns } from "./turns.ts";

/** What a supervisor is made of. */
export interface SupervisorOptions {
  readonly runtime: Runtime;
  readonly plan: Plan;
  /** As `claimPorts` gave them. */
  readonly frontends: readonly ClaimedFrontend[];
  readonly signals: StopSignals;
  readonly log: Logger;
  /** Where lines of the access log go. */
  readonly accessLog?: AccessOutput | undefined;
  /** What keeps OCSP responses fresh while workers run. */
  readonly responses?: OcspRefresher | undefined;
  /** Claims the addresses of a plan's frontends, of which these are held already. */
  readonly claim: (
    plan: Plan,
    held: readonly ClaimedFrontend[],
  ) => Promise<readonly ClaimedFrontend[]>;
  /**
   * Makes the plan anew from what files say by now. Rejects if they are no good. `refused`: why the TLS library does not
   * serve a certificate, by fingerprint.
   */
  readonly planAgain: (
    former: Plan,
    scope: ReloadScope,
    refused: ReadonlyMap<string, string>,
  ) => Promise<Plan>;
  /** Called for HUP, before anything else is done about it. */
  readonly onHangUp?: () => void;
  /** Called when a reload begins; `onServing` follows, whether it works or not. */
  readonly onReloading?: () => void;
  /** Called when the workers serve, and again after each reload, with what they serve by. */
  readonly onServing?: (plan: Plan, frontends: readonly ClaimedFrontend[]) => void;
}

/** What is read again: certificates and what belongs to them, or command line and configuration file too. */
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
  #stopping = false;

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
    // Whether anything can be stapled is then known from the workers.
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
    this.#stopping = true;
    this.#refresh?.stop();
    if (stop === "drain") await this.#drain();
    responses?.stop();
    await this.#fleet.kill();
    this.#log.info("stopped{totals}", { totals: this.#describeTotals() });
  }

  /** Has the workers serve by what the files say by now, as soon as that is possible. */
  reload(scope: ReloadScope): void {
    if (scope === "all") this.#scope = scope;
    this.#reloads.request();
  }

  /** Has the workers log what they have counted, for SIGUSR2. */
  logCounters(): void {
    const { alive } = this.#fleet;
    for (const worker of alive) worker.report();
    const totals = this.#describeTotals();
    this.#log.info("counters of {workers} follow{ended}", {
      workers: counted(alive.length, "worker"),
      ended: totals === "" ? "" : `; ended workers${totals}`,
    });
  }

  #serves(): void {
    if (this.#plan.configuration.tls.orElse !== undefined) this.#watch(this.#plan);
    this.#log.info("{serving}", { serving: this.#describeServing() });
    this.#options.onServing?.(this.#plan, this.#frontends);
    this.#refreshBackend();
    this.#signals.onHangUp = () => {
      this.#options.onHangUp?.();
      this.reload("all");
    };
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

  /** Has what a plan wants stapled kept fresh, unless these workers do without OpenSSL. */
  #watch({ stapling, configuration: { tls } }: Plan): void {
    const isMissing = tls.orElse !== undefined && this.#fleet.state.missing !== undefined;
    this.#options.responses?.watch(isMissing ? undefined : stapling);
  }

  async #reload(): Promise<void> {
    if (this.#stopping) return;
    const scope = this.#scope;
    this.#scope = "certificates";
    this.#options.onReloading?.();
    try {
      const done = await this.#changeTo(scope);
      if (done === undefined) return;
      const { plan, frontends, workersChanged } = done;
      const former = this.#plan;
      this.#plan = plan;
      this.#frontends = frontends;
      this.#refreshBackend();
      for (const line of plan.tls.quarantined) this.#log.error("in quarantine: {line}", { line });
      for (const line of plan.tls.held.lines) this.#log.error("{line}", { line });
      for (const warning of news(plan, former)) this.#log.warning("{warning}", { warning });
      const serving = this.#describeServing();
      this.#log.info("reloaded: {what}", {
        what: reloadOutcome(plan, former, { workersChanged, serving }),
      });
    } catch (error) {
      this.#watch(this.#plan);
      const { line } = reportError(error);
      this.#log.error("reload failed, keeping the current configuration: {line}", { line });
    }
    this.#options.onServing?.(this.#plan, this.#frontends);
  }

  /** Without certificates that the TLS library refuses, and that nobody could know of before it saw them. */
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
        // Who names the same ones again, or any others for ever, is not to be believed.
        const fresh = error.refused.filter(({ fingerprint }) => !refused.has(fingerprint));
        if (fresh.length === 0 || refused.size > MOST_REFUSED) throw error;
        for (const { fingerprint, reason } of fresh) refused.set(fingerprint, reason);
      }
    }
  }

  #stateOf(plan: Plan, frontends: readonly ClaimedFrontend[]): NextState {
    const configuration = { ...plan.configuration, frontends: workerFrontends(frontends) };
    return { configuration, staples: this.#options.responses?.staples ?? new Map() };
  }

  #describeServing(): string {
    const { configuration, workers, tlsBecause } = this.#plan;
    const [backend] = configuration.backend;
    const where = this.#fleet.addresses.map(formatSocketAddress).join(" and ");
    const to = backend?.kind === "tcp" ? formatSocketAddress(backend) : backend?.path;
    const tls = configuration.tls.backend === undefined ? "TLS" : "TLS to the backend";
    const why = tlsBecause === undefined ? "" : ` because of ${tlsBecause}`;
    return `${counted(workers, "worker")} ${workers === 1 ? "serves" : "serve"} on ${where}, ` +
      `backend ${to}, ${tls} by ${this.#library}${why}`;
  }

  /** By the present plan. */
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

  async #drain(): Promise<void> {
    const limit = this.#plan.configuration.timeouts.drain;
    this.#log.info("draining: waiting up to {limit} s for open connections", { limit });
    const drained = this.#fleet.drain(limit);
    // Workers keep the limit themselves; a worker that cannot is ended a little later.
    const overdue = pause(this.#runtime.clock, limit * 1000 + GRACE);
    await Promise.race([drained, overdue, this.#signals.hurry]);
  }

  #describeTotals(): string {
    const { totals } = this.#fleet;
    if (totals.length === 0) return "";
    const sum = (name: string) => totals.reduce((total, each) => total + (each[name] ?? 0), 0);
    const denied = sum("clientsDenied");
    const silent = sum("silent");
    return `: ${counted(sum("accepted"), "connection")}, ` +
      `${counted(sum("handshakesFailed"), "handshake")} failed, ` +
      (silent === 0 ? "" : `${silent} closed by clients before they sent anything, `) +
      (denied === 0 ? "" : `${counted(denied, "client")} denied, `) +
      `${counted(sum("backendsFailed"), "backend failure")}, ${sum("refused")} refused`;
  }
}

/** Warnings that have not been given before, and what takes a restart. */
function news(plan: Plan, former: Plan): string[] {
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

/** Certificates in one reload. */
const MOST_REFUSED = 10_000;
/** Milliseconds. */
const GRACE = 3_000;
