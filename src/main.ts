/**
 * The program: from arguments to an exit code. It composes everything on a concrete runtime, and it is the
 * only place that ends the process.
 */

import { createRuntime } from "#runtime";
import { toCommand } from "./config/command.ts";
import { parseCommandLine } from "./config/command_line.ts";
import type { ConfigText } from "./config/config_file.ts";
import { defaultConfig } from "./config/default_config.ts";
import { helpText } from "./config/help.ts";
import type { Settings, TlsLibraryName } from "./config/settings.ts";
import { reportError } from "./errors.ts";
import { configureLog, type Logger, Outputs } from "./log/log.ts";
import { printable } from "./log/printable.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { claimPorts, makePlan, type Plan } from "./supervisor/plan.ts";
import { StopSignals } from "./supervisor/stop_signals.ts";
import { Supervisor } from "./supervisor/supervisor.ts";
import { makeTlsPlan } from "./supervisor/tls_plan.ts";
import { makeEngine } from "./tls/make_engine.ts";
import { VERSION } from "./version.ts";
import { runWorker } from "./worker/worker.ts";

/** The argument that makes this program a worker; its supervisor gives it, nobody else. */
const WORKER_ARGUMENT = "--worker-process";

/** Runs the program and ends the process with its exit code. */
export async function main(): Promise<never> {
  const runtime = createRuntime({ workerArguments: [WORKER_ARGUMENT] });
  const { args } = runtime.processes;
  const code = args[0] === WORKER_ARGUMENT
    ? await runWorker(
      runtime,
      (configuration) => makeEngine(runtime, configuration, { ownProcess: true }),
    )
    : await run(args, runtime);
  return runtime.processes.exit(code);
}

async function run(argv: readonly string[], runtime: Runtime): Promise<number> {
  try {
    const parsed = parseCommandLine(argv);
    const config = await readConfig(parsed.configFile, runtime);
    const command = toCommand(parsed, runtime.tlsLibraries, config);
    switch (command.action) {
      case "help":
        return await print(runtime, helpText(VERSION));
      case "version":
        return await print(runtime, versionText(runtime));
      case "default-config":
        return await print(runtime, defaultConfig());
      case "test":
        return await check(command.settings, runtime);
      case "run":
        return await serve(command.settings, runtime);
    }
  } catch (error) {
    const { line, exitCode } = reportError(error);
    await writeOut(runtime, "stderr", `stud: ${printable(line)}\n`);
    return exitCode;
  }
}

/** The program's version, and the TLS engines that there are on this machine. */
function versionText(runtime: Runtime): string {
  const engines = runtime.tlsLibraries.map((name) =>
    `TLS engine ${name}: ${libraryText(name, runtime)}\n`
  );
  return [`stud ${VERSION}\n`, ...engines].join("");
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

async function readConfig(
  file: string | undefined,
  runtime: Runtime,
): Promise<ConfigText | undefined> {
  if (file === undefined) return undefined;
  const text = file === "-"
    ? await new Response(runtime.processes.stdin).text()
    : await runtime.files.readText(file);
  return { file, text };
}

async function check(settings: Settings, runtime: Runtime): Promise<number> {
  const plan = await planFor(settings, runtime);
  await makeEngine(runtime, plan.configuration.tls).check();
  for (const warning of plan.warnings) {
    await writeOut(runtime, "stderr", `stud: warning: ${printable(warning)}\n`);
  }
  return await print(runtime, "stud: the configuration is good\n");
}

async function serve(settings: Settings, runtime: Runtime): Promise<number> {
  const signals = new StopSignals(runtime);
  // A name server may be slow, and an operator may lose patience.
  const plan = await Promise.race([planFor(settings, runtime), signals.stop]);
  if (typeof plan === "string") return 0;
  // Foreign code stays out of the supervisor, so OpenSSL has its say in the workers.
  const { tls } = plan.configuration;
  if (tls.library === "rustls") await makeEngine(runtime, tls).check();
  const frontends = await claimPorts(plan, runtime);
  const outputs = new Outputs(runtime, {
    syslogFacility: settings.syslog ? settings.syslogFacility : undefined,
  });
  const log = configureLog(outputs.sink, settings.quiet ? "error" : "info");
  runtime.processes.onUncaught((error) => log.error("{line}", { line: reportError(error).line }));
  try {
    for (const warning of plan.warnings) log.warning("{warning}", { warning });
    return await supervise(new Supervisor(runtime, plan, frontends, signals, log), log);
  } finally {
    await outputs.flushed();
  }
}

async function planFor(settings: Settings, runtime: Runtime): Promise<Plan> {
  return await makePlan(settings, await makeTlsPlan(settings, runtime), runtime);
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
