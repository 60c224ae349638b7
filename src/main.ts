/**
 * The program: from arguments to an exit code. It composes everything on a concrete runtime, and it is the
 * only place that ends the process.
 */

import { createRuntime } from "#runtime";
import { defaultConfig } from "./config/default_config.ts";
import { helpText } from "./config/help.ts";
import type { Compat, Settings, TlsLibraryName } from "./config/settings.ts";
import { type LogLevel, PortInUseError, reportError } from "./errors.ts";
import { openAccessOutput } from "./log/access_output.ts";
import { configureLog, type Logger, Outputs } from "./log/log.ts";
import { printable } from "./log/printable.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { CommandReader } from "./supervisor/command_reader.ts";
import { ExpiryWatch } from "./supervisor/expiry_watch.ts";
import { FileWatch } from "./supervisor/file_watch.ts";
import { makePlan, type Plan, refuseRootWorkers, tlsConfigurations } from "./supervisor/plan.ts";
import { claimPorts } from "./supervisor/ports.ts";
import { StopSignals } from "./supervisor/stop_signals.ts";
import { type ReloadScope, Supervisor } from "./supervisor/supervisor.ts";
import { findPredecessor } from "./supervisor/takeover.ts";
import { makeTlsPlan } from "./supervisor/tls_plan.ts";
import { makeEngine } from "./tls/make_engine.ts";
import { VERSION } from "./version.ts";
import { runWorker } from "./worker/worker.ts";

/** The argument that makes this program a worker; its supervisor gives it, nobody else. */
const WORKER_ARGUMENT = "--worker-process";
/** Milliseconds between two looks at the files, if stud is to read them again by itself. */
const WATCH_PERIOD = 1_000;
/** The same if it only says that they have changed. */
const NOTICE_PERIOD = 30_000;
/** How often the system is asked for another port. */
const MOST_ATTEMPTS = 5;

/** The release of hitch whose place stud takes. */
const HITCH_VERSION = "1.8.0";

/** Runs the program and ends the process with its exit code. */
export async function main(): Promise<never> {
  const runtime = createRuntime({ workerArguments: [WORKER_ARGUMENT] });
  const { args } = runtime.processes;
  const code = args[0] === WORKER_ARGUMENT
    ? await runWorker(runtime, (configuration) => makeEngine(runtime, configuration))
    : await run(args, runtime);
  return runtime.processes.exit(code);
}

async function run(argv: readonly string[], runtime: Runtime): Promise<number> {
  try {
    const reader = new CommandReader(argv, runtime);
    const command = await reader.read();
    switch (command.action) {
      case "help":
        return await print(runtime, helpText(VERSION));
      case "version":
        return await print(runtime, versionText(command.compat, runtime));
      case "default-config":
        return await print(runtime, defaultConfig());
      case "test":
        return await check(command.settings, runtime);
      case "run":
        return await serve(command.settings, reader, runtime);
    }
  } catch (error) {
    const { line, exitCode } = reportError(error);
    await writeOut(runtime, "stderr", `stud: ${printable(line)}\n`);
    return exitCode;
  }
}

/** The program's version, and the TLS engines that there are on this machine. */
function versionText(compat: Compat, runtime: Runtime): string {
  const engines = runtime.tlsLibraries.map((name) =>
    `TLS engine ${name}: ${libraryText(name, runtime)}\n`
  );
  const name = compat === "hitch" ? `hitch ${HITCH_VERSION} (stud ${VERSION})` : `stud ${VERSION}`;
  return [`${name}\n`, ...engines].join("");
}

function libraryText(name: TlsLibraryName, runtime: Runtime): string {
  try {
    switch (name) {
      case "rustls":
        return `the one of ${runtime.version}`;
      case "openssl":
        return runtime.openOpenSsl().version;
      case "node":
        return runtime.openStreamTls().version;
    }
  } catch (error) {
    return `not usable: ${(error as Error).message}`;
  }
}

async function check(settings: Settings, runtime: Runtime): Promise<number> {
  const plan = await planFor(settings, runtime);
  for (const tls of tlsConfigurations(plan)) await makeEngine(runtime, tls).check();
  for (const warning of plan.warnings) {
    await writeOut(runtime, "stderr", `stud: warning: ${printable(warning)}\n`);
  }
  if (settings.compat === "none") {
    return await print(runtime, "stud: the configuration is good\n");
  }
  await writeOut(runtime, "stderr", "hitch configuration looks ok.\n");
  return 0;
}

async function serve(
  settings: Settings,
  reader: CommandReader,
  runtime: Runtime,
): Promise<number> {
  const signals = new StopSignals(runtime);
  // A name server may be slow, and an operator may lose patience.
  const plan = await Promise.race([planFor(settings, runtime), signals.stop]);
  if (typeof plan === "string") return 0;
  if (settings.compat === "hitch") refuseRootWorkers(plan, runtime);
  await checkRustls(plan, runtime);
  const predecessor = settings.takeover === undefined
    ? undefined
    : await findPredecessor(settings.takeover, runtime);
  const shared = predecessor !== undefined;
  let frontends = await claimPorts(plan, runtime, { shared });
  const outputs = new Outputs(runtime, {
    syslogFacility: settings.syslog ? settings.syslogFacility : undefined,
  });
  const log = configureLog(outputs.sink, logLevel(settings));
  const accessLog = settings.accessLog === undefined
    ? undefined
    : await openAccessOutput(settings.accessLog, runtime, { outputs, log });
  runtime.processes.onUncaught((error) => log.error("{line}", { line: reportError(error).line }));
  const planAgain = async (former: Plan, scope: ReloadScope) => {
    const { settings } = scope === "all" ? await reader.readSettings() : former;
    const plan = await planFor(settings, runtime, former);
    await checkRustls(plan, runtime);
    return plan;
  };
  let onStale = () => {};
  const watch = new FileWatch(runtime, {
    period: settings.watch ? WATCH_PERIOD : NOTICE_PERIOD,
    onChange(paths) {
      if (settings.watch) return onStale();
      log.warning("{paths}: changed since stud read it; SIGHUP has stud serve what it holds now", {
        paths: paths.join(", "),
      });
    },
  });
  const expiry = new ExpiryWatch(runtime.clock, log);
  const onServing = ({ settings, tls }: Plan) => {
    accessLog?.reopen();
    configureLog(outputs.sink, logLevel(settings));
    expiry.use(tls.certificates);
    watch.use(tls.files);
  };
  try {
    for (const warning of plan.warnings) log.warning("{warning}", { warning });
    for (let attempts = 1;; attempts++) {
      const options = { runtime, plan, frontends, signals, log, accessLog, planAgain, onServing };
      const supervisor = new Supervisor(options);
      onStale = () => supervisor.reload("certificates");
      if (predecessor !== undefined) {
        supervisor.serving.then(() => relievePredecessor(predecessor, runtime, log));
      }
      const error = await supervise(supervisor);
      if (error === undefined) return 0;
      // Between the system's choice of a port and the workers' use of it others may have taken it.
      if (error instanceof PortInUseError && choosesPorts(plan) && attempts < MOST_ATTEMPTS) {
        frontends = await claimPorts(plan, runtime, { shared });
        continue;
      }
      const { line, exitCode } = reportError(error);
      log.error("{line}", { line });
      return exitCode;
    }
  } finally {
    await accessLog?.flushed();
    await outputs.flushed();
  }
}

function logLevel({ quiet }: Settings): LogLevel {
  return quiet ? "error" : "info";
}

/** Foreign code stays out of the supervisor, so OpenSSL has its say in the workers. */
async function checkRustls(plan: Plan, runtime: Runtime): Promise<void> {
  for (const tls of tlsConfigurations(plan)) {
    if (tls.library === "rustls") await makeEngine(runtime, tls).check();
  }
}

async function planFor(settings: Settings, runtime: Runtime, former?: Plan): Promise<Plan> {
  const tls = await makeTlsPlan(settings, runtime, former && { former: former.tls });
  return await makePlan(settings, tls, runtime);
}

/** Nothing is lost if it cannot be told, but both go on serving. */
function relievePredecessor(pid: number, { processes }: Runtime, log: Logger): void {
  try {
    processes.signal(pid, "SIGTERM");
    log.info("took over from process {pid}, which drains now", { pid });
  } catch (error) {
    const { message: reason } = error as Error;
    log.error("process {pid} cannot be told to drain: {reason}; end it by hand", { pid, reason });
  }
}

/** Whether the system is to choose a port. */
function choosesPorts({ frontends }: Plan): boolean {
  return frontends.some(({ alternatives }) => alternatives.flat().some(({ port }) => port === 0));
}

/** Runs it to its end, and returns the error that it could not start for. */
async function supervise(supervisor: Supervisor): Promise<unknown> {
  try {
    await supervisor.run();
  } catch (error) {
    return error;
  }
}

async function print(runtime: Runtime, text: string): Promise<number> {
  await writeOut(runtime, "stdout", text);
  return 0;
}

/** Nobody may be reading: `stud --help | head -1` is no error. */
async function writeOut(
  runtime: Runtime,
  stream: "stdout" | "stderr",
  text: string,
): Promise<void> {
  await runtime.processes.write(stream, new TextEncoder().encode(text)).catch(() => {});
}
