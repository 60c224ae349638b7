/** Serving, from settings to an exit code: composes the parts of a running stud, for `main.ts`. */

import type { Settings } from "./config/settings.ts";
import { PortInUseError, reportError } from "./errors.ts";
import { type AccessOutput, openAccessOutput } from "./log/access_output.ts";
import { type ConfiguredLog, configureLog, hitchStamp, type Logger, Outputs } from "./log/log.ts";
import { pause, type Runtime } from "./runtime/runtime.ts";
import type { BackgroundStart } from "./service/background.ts";
import type { CommandReader } from "./service/command_reader.ts";
import { ExpiryWatch } from "./service/expiry_watch.ts";
import { FileWatch } from "./service/file_watch.ts";
import { FrontendPorts, listenReport } from "./service/frontend_ports.ts";
import { MemoryRelease } from "./service/memory_release.ts";
import { Notifier } from "./service/notifier.ts";
import { OcspRefresher } from "./ocsp/refresher.ts";
import { statusAddress } from "./plan/status_address.ts";
import { StatusService } from "./status/status_service.ts";
import { VERSION } from "./version.ts";
import { makePlan, type Plan, refuseRootWorkers, tlsConfigurations } from "./plan/plan.ts";
import { PidFileHolder } from "./service/pid_file_holder.ts";
import { type ClaimedFrontend, workerFrontends } from "./service/ports.ts";
import { faultsText, type ReloadReport } from "./fleet/reload_outcome.ts";
import type { StopSignals } from "./service/stop_signals.ts";
import { type ReloadScope, Supervisor } from "./fleet/supervisor.ts";
import { Predecessor } from "./service/takeover.ts";
import { makeTlsPlan } from "./plan/tls_plan.ts";
import { ENGINES } from "./tls/engines.ts";
import { makeEngine } from "./tls/make_engine.ts";
import { formatSocketAddress } from "./wire/ip_address.ts";

/** What exists when stud begins to serve. */
export interface ServeOptions {
  readonly settings: Settings;
  /** Reads the settings again. */
  readonly reader: CommandReader;
  readonly runtime: Runtime;
  /** What ends stud; listened to before the first worker starts. */
  readonly signals: StopSignals;
  /** The process that waits for the daemon to start. */
  readonly background: BackgroundStart | undefined;
  /** Tells the process that started stud why it does not serve. */
  readonly tell: (line: string) => Promise<void>;
}

/** Serves until a signal ends it, and returns the exit code. Rejects if it cannot begin. */
export async function serve(options: ServeOptions): Promise<number> {
  return await whenPrepared(options, (prepared) => new Service(options, prepared).run());
}

/**
 * Runs every step before the first worker without side effects: the runtime only checks (rehearsal.ts). Resolves with
 * the plan, or rejects as {@linkcode serve} would.
 */
export async function rehearse(settings: Settings, runtime: Runtime): Promise<Plan> {
  const signals = { stop: new Promise<never>(() => {}) };
  let plan: Plan | undefined;
  await whenPrepared({ settings, runtime, signals, isRehearsal: true }, async (prepared) => {
    plan = prepared.plan;
    await openLogs(settings, runtime, { detached: false });
    return 0;
  });
  return plan!;
}

/** Runs the steps of the start in order. What they open stays open while `run` runs. */
async function whenPrepared<Signals extends Pick<StopSignals, "stop">>(
  options: {
    readonly settings: Settings;
    readonly runtime: Runtime;
    readonly signals: Signals;
    /** hitch tests a configuration whose workers it then refuses to run as root. */
    readonly isRehearsal?: boolean;
  },
  run: (prepared: Prepared<Signals>) => Promise<number>,
): Promise<number> {
  const { settings, runtime, signals, isRehearsal = false } = options;
  const pidFile = new PidFileHolder(settings.service, runtime);
  const status = new StatusService(runtime, VERSION);
  let predecessor: Predecessor | undefined;
  try {
    // The pidfile that names the predecessor may be the same one that this stud is to have.
    if (settings.service.takeover === undefined) await pidFile.claim();
    else predecessor = await Predecessor.find(settings.service, runtime);
    // A name server may be slow, and the operator may interrupt the wait.
    const plan = await Promise.race([planFor(settings, runtime), signals.stop]);
    if (typeof plan === "string") return 0;
    if (settings.compat === "hitch" && !isRehearsal) refuseRootWorkers(plan, runtime);
    await checkEarly(plan, runtime);
    const ports = await FrontendPorts.open(settings, runtime);
    const frontends = await ports.claim(plan, { shared: predecessor !== undefined });
    if (predecessor !== undefined) {
      predecessor.prove(workerFrontends(frontends));
      await pidFile.claim();
    }
    // A predecessor still has the address.
    const address = await statusAddress(settings, runtime);
    if (predecessor === undefined) await status.open(address);
    return await run({ plan, predecessor, ports, frontends, signals, pidFile, status });
  } finally {
    await status.close();
    predecessor?.close();
    await pidFile.release();
  }
}

/** The plan: the configuration of TLS and workers. Rejects with {@linkcode StartupError}. */
export async function planFor(
  settings: Settings,
  runtime: Runtime,
  former?: Plan,
  refused?: ReadonlyMap<string, string>,
): Promise<Plan> {
  const tls = await makeTlsPlan(
    settings,
    runtime,
    former && { former: former.tls, ...refused && { refused } },
  );
  return await makePlan(settings, tls, runtime);
}

/** Third-party code stays out of the supervisor, so OpenSSL checks in the workers. */
async function checkEarly(plan: Plan, runtime: Runtime): Promise<void> {
  for (const tls of tlsConfigurations(plan)) {
    if (ENGINES[tls.library].checksEarly) await (await makeEngine(runtime, tls)).check();
  }
}

/** What the start has brought together. */
interface Prepared<Signals = StopSignals> {
  readonly plan: Plan;
  readonly predecessor: Predecessor | undefined;
  readonly ports: FrontendPorts;
  readonly frontends: readonly ClaimedFrontend[];
  readonly signals: Signals;
  readonly pidFile: PidFileHolder;
  readonly status: StatusService;
}

/** Opens the log and the access log. Rejects with {@linkcode StartupError}. */
async function openLogs(
  settings: Settings,
  runtime: Runtime,
  { detached, status }: { readonly detached: boolean; readonly status?: StatusService },
): Promise<Pick<Spoken, "outputs" | "log" | "accessLog">> {
  const outputs = await Outputs.open(runtime, {
    ...{ settings: settings.log, detached },
    ...settings.compat === "hitch" && { stamp: hitchStamp },
  });
  const sink = status === undefined ? outputs.sink : status.tap(outputs.sink);
  const log = configureLog(sink, settings.log.level);
  const { access: path, syslogFacility: facility } = settings.log;
  const accessLog = path === undefined
    ? undefined
    : await openAccessOutput(path, runtime, { outputs, log, facility });
  return { outputs, log, accessLog };
}

/** A stud that is about to serve, or does. */
class Service {
  readonly #options: ServeOptions;
  readonly #prepared: Prepared;
  readonly #runtime: Runtime;
  readonly #memory: MemoryRelease;
  #supervisor: Supervisor | undefined;

  constructor(options: ServeOptions, prepared: Prepared) {
    this.#options = options;
    this.#prepared = prepared;
    this.#runtime = options.runtime;
    this.#memory = new MemoryRelease(options.runtime);
  }

  async run(): Promise<number> {
    const { settings, background } = this.#options;
    const { outputs, log, accessLog } = await openLogs(settings, this.#runtime, {
      detached: background !== undefined,
      status: this.#prepared.status,
    });
    const { processes } = this.#runtime;
    processes.onUncaught((error) => {
      log.error("{line}", { line: reportError(error).line }, { event: "internal_error" });
    });
    const notifier = new Notifier(this.#runtime, log);
    this.#prepared.signals.stop.then(() => {
      notifier.stopping();
      this.#announce([]);
      this.#prepared.ports.release();
    });
    this.#prepared.signals.replaced.then(() => {
      log.info("another stud has taken over");
      // The successor waits for its address.
      void this.#prepared.status.close();
      // Programs that read the pidfile mean the stud that serves.
      return this.#prepared.pidFile.release();
    });
    try {
      for (const warning of this.#prepared.plan.warnings) {
        log.warning("{warning}", { warning }, { event: "configuration_warning" });
      }
      const error = await this.#supervise({ outputs, log, accessLog, notifier });
      if (error === undefined) return 0;
      const { line, exitCode } = reportError(this.#options.reader.naming(error));
      log.error("{line}", { line }, { event: "startup_failed", fields: { exitCode } });
      if (!outputs.onStandardStreams) await this.#options.tell(line);
      return exitCode;
    } finally {
      await notifier.close();
      await accessLog?.flushed();
      await outputs.flushed();
    }
  }

  /** Runs a supervisor to its end; returns the error that kept it from starting. */
  async #supervise(spoken: Spoken): Promise<unknown> {
    const { plan, ports, signals, predecessor, status } = this.#prepared;
    const { log, accessLog } = spoken;
    const responses = new OcspRefresher(this.#runtime, log);
    const hooks = this.#hooks(spoken);
    this.#runtime.processes.onSignal("SIGUSR2", () => this.#supervisor?.logCounters());
    let { frontends } = this.#prepared;
    for (let attempts = 1;; attempts++) {
      this.#supervisor = new Supervisor({
        ...{ runtime: this.#runtime, plan, frontends, signals, log, accessLog, responses },
        claim: (plan, held) => ports.claim(plan, { held }),
        planAgain: (former, scope, refused) => this.#planAgain(former, scope, refused),
        ...hooks,
      });
      status.watch(this.#supervisor, () => responses.staples, {
        drain: () => signals.requestDrain(),
        reopen: () => reopen(spoken),
      }, log);
      try {
        return void await this.#supervisor.run();
      } catch (error) {
        const another = error instanceof PortInUseError && choosesPorts(plan);
        if (!another || attempts === MAX_ATTEMPTS) return error;
        // After the system chose a port, other programs may have taken it before the workers listened.
        frontends = await ports.claim(plan, { shared: predecessor !== undefined });
      }
    }
  }

  async #planAgain(
    former: Plan,
    scope: ReloadScope,
    refused: ReadonlyMap<string, string>,
  ): Promise<Plan> {
    const { reader } = this.#options;
    const { settings } = scope === "all" ? await reader.readSettings() : former;
    const named = (error: unknown) => {
      throw reader.naming(error);
    };
    const plan = await planFor(settings, this.#runtime, former, refused).catch(named);
    await checkEarly(plan, this.#runtime).catch(named);
    const { certificates } = plan.tls;
    if (certificates.some((one, place) => one !== former.tls.certificates[place])) {
      await this.#memory.between(certificates.length);
    }
    await this.#prepared.status.prepare(await statusAddress(settings, this.#runtime));
    return plan;
  }

  #hooks(spoken: Spoken) {
    const { log, notifier } = spoken;
    const { status } = this.#prepared;
    const watch = this.#watch(log);
    const expiry = new ExpiryWatch(this.#runtime.clock, log);
    const memory = this.#memory;
    let latest: Plan | undefined;
    return {
      onHangUp: () => {
        void reopen(spoken);
        void status.renew();
      },
      onReloading: () => {
        memory.before();
        notifier.reloading();
      },
      onServing: (plan: Plan, frontends: readonly ClaimedFrontend[]) => {
        const { settings, tls } = plan;
        log.lowest = settings.log.level;
        expiry.use(tls.certificates, tls.revocationLists);
        // After a failed reload, files are watched as it found them, so that the same fault does not cause another
        // reload.
        if (tls !== latest?.tls) watch.use(tls.files);
        if (plan !== latest) status.commit();
        else void status.discard();
        this.#announce(frontends);
        this.#prepared.ports.keep(frontends);
        if (latest === undefined) this.#begin(frontends, log, notifier);
        latest = plan;
        memory.after(tls.certificates.length);
        notifier.ready(statusLine(frontends, plan));
      },
      onReloaded: (report: ReloadReport) => status.reloaded(report),
    };
  }

  /** Announces the frontends to another stud that takes over from this one. */
  #announce(frontends: readonly ClaimedFrontend[]): void {
    const { others } = this.#runtime.processes;
    others?.announce(workerFrontends(frontends)).catch(() => {}); // It is not the only proof.
  }

  #watch(log: Logger): FileWatch {
    const { watch } = this.#options.settings.service;
    return new FileWatch(this.#runtime, {
      period: watch ? WATCH_PERIOD : NOTICE_PERIOD,
      onChange: (paths) => {
        this.#prepared.status.changed(paths);
        if (watch) return this.#supervisor?.reload("certificates");
        log.warning(
          "{paths}: changed on disk; send SIGHUP to reload",
          {
            paths: paths.join(", "),
          },
        );
      },
    });
  }

  /** Called when the workers serve for the first time. */
  #begin(frontends: readonly ClaimedFrontend[], log: Logger, notifier: Notifier): void {
    const { settings, background } = this.#options;
    const { predecessor, status } = this.#prepared;
    if (predecessor !== undefined) {
      notifier.mainPid(this.#runtime.processes.pid);
      askToDrain(predecessor, log);
      statusAddress(settings, this.#runtime).then((address) => status.openWhenFree(address));
      this.#prepared.signals.leaveAfter(pause(this.#runtime.clock, HANDOVER_LIMIT));
    }
    report(settings.service.listenReport, frontends, this.#runtime, log)
      .then(() => background?.served());
  }
}

/** The outputs of a running stud. */
interface Spoken {
  readonly outputs: Outputs;
  readonly log: ConfiguredLog;
  readonly accessLog: AccessOutput | undefined;
  readonly notifier: Notifier;
}

async function reopen({ outputs, accessLog }: Spoken): Promise<void> {
  accessLog?.reopen();
  await outputs.reopen();
}

function statusLine(frontends: readonly ClaimedFrontend[], plan: Plan): string {
  const where = workerFrontends(frontends).map(formatSocketAddress).join(" and ");
  const bad = faultsText(plan);
  return `serving on ${where}${bad === "" ? "" : `; ${bad}, see the log`}`;
}

/** If the signal fails, no connection is lost, but both go on serving. */
function askToDrain(predecessor: Predecessor, log: Logger): void {
  const { pid } = predecessor;
  try {
    predecessor.requestDrain();
    log.info("took over from process {pid}, which is draining now", { pid });
  } catch (error) {
    const { message: reason } = error as Error;
    log.error("could not signal process {pid}: {reason}; stop it manually", {
      pid,
      reason,
    });
  }
}

async function report(
  path: string | undefined,
  frontends: readonly ClaimedFrontend[],
  runtime: Runtime,
  log: Logger,
): Promise<void> {
  if (path === undefined) return;
  try {
    await runtime.service.writeText(path, listenReport(workerFrontends(frontends)));
  } catch (error) {
    log.error("--dbg-listen {reason}", { reason: (error as Error).message });
  }
}

/** Whether the system is to choose a port. */
function choosesPorts({ frontends }: Plan): boolean {
  return frontends.some(({ alternatives }) => alternatives.flat().some(({ port }) => port === 0));
}

/** Milliseconds between two checks of the files if stud reloads them automatically. */
const WATCH_PERIOD = 1_000;
/** The same if stud only warns that they have changed. */
const NOTICE_PERIOD = 30_000;
/** Milliseconds that a predecessor needs to hand its ports over (handover.ts). */
const HANDOVER_LIMIT = 3_000;
/** How often the system is asked for another port. */
const MAX_ATTEMPTS = 5;
