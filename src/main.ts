/**
 * The program: from arguments to an exit code. It composes everything on a concrete runtime, and it is the
 * only place that ends the process.
 */

import { createRuntime } from "#runtime";
import { defaultConfig } from "./config/default_config.ts";
import { helpText } from "./config/help.ts";
import type { Compat, Settings, TlsLibraryName } from "./config/settings.ts";
import { type LogLevel, reportError } from "./errors.ts";
import { configureLog, type Logger, Outputs } from "./log/log.ts";
import { printable } from "./log/printable.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { CommandReader } from "./supervisor/command_reader.ts";
import { makePlan, type Plan, refuseRootWorkers, tlsConfigurations } from "./supervisor/plan.ts";
import { claimPorts } from "./supervisor/ports.ts";
import { StopSignals } from "./supervisor/stop_signals.ts";
import { Supervisor } from "./supervisor/supervisor.ts";
import { makeTlsPlan } from "./supervisor/tls_plan.ts";
import { makeEngine } from "./tls/make_engine.ts";
import { VERSION } from "./version.ts";
import { runWorker } from "./worker/worker.ts";

/** The argument that makes this program a worker; its supervisor gives it, nobody else. */
const WORKER_ARGUMENT = "--worker-process";

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
  const frontends = await claimPorts(plan, runtime);
  const outputs = new Outputs(runtime, {
    syslogFacility: settings.syslog ? settings.syslogFacility : undefined,
  });
  const log = configureLog(outputs.sink, logLevel(settings));
  runtime.processes.onUncaught((error) => log.error("{line}", { line: reportError(error).line }));
  const planAgain = async (former: Plan) => {
    const { settings } = await reader.readSettings();
    const plan = await planFor(settings, runtime, former);
    await checkRustls(plan, runtime);
    return plan;
  };
  const onServing = ({ settings }: Plan) => configureLog(outputs.sink, logLevel(settings));
  try {
    for (const warning of plan.warnings) log.warning("{warning}", { warning });
    const options = { runtime, plan, frontends, signals, log, planAgain, onServing };
    return await supervise(new Supervisor(options), log);
  } finally {
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

async function supervise(supervisor: Supervisor, log: Logger): Promise<number> {
  try {
    await supervisor.run();
    return 0;
  } catch (error) {
    const { line, exitCode } = reportError(error);
    log.error("{line}", { line });
    return exitCode;
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
