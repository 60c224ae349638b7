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
import { reportError, StartupError } from "./errors.ts";
import { configureLog, type Logger, Outputs } from "./log/log.ts";
import { printable } from "./log/printable.ts";
import type { ListenAddress, Runtime } from "./runtime/runtime.ts";
import { BackgroundStart, goToBackground } from "./supervisor/background.ts";
import { HandedSockets } from "./supervisor/handed_sockets.ts";
import { listenReport } from "./supervisor/listen_report.ts";
import { Notifier } from "./supervisor/notifier.ts";
import { claimPorts, makePlan, type Plan } from "./supervisor/plan.ts";
import { StopSignals } from "./supervisor/stop_signals.ts";
import { Supervisor } from "./supervisor/supervisor.ts";
import { makeTlsPlan } from "./supervisor/tls_plan.ts";
import { makeEngine } from "./tls/make_engine.ts";
import { VERSION } from "./version.ts";
import { formatSocketAddress } from "./wire/ip_address.ts";
import { runWorker } from "./worker/worker.ts";

/** The argument that makes this program a worker; its supervisor gives it, nobody else. */
const WORKER_ARGUMENT = "--worker-process";

/** The configuration file that is standard input. */
const STANDARD_INPUT = "-";

/** Runs the program and ends the process with its exit code. */
export async function main(): Promise<never> {
  const runtime = createRuntime({ workerArguments: [WORKER_ARGUMENT] });
  const { args } = runtime.processes;
  const code = args[0] === WORKER_ARGUMENT
    ? await runWorker(runtime, (configuration) => makeEngine(runtime, configuration))
    : await run(args, runtime, await BackgroundStart.join(runtime));
  return runtime.processes.exit(code);
}

async function run(
  argv: readonly string[],
  runtime: Runtime,
  background: BackgroundStart | undefined,
): Promise<number> {
  try {
    const parsed = parseCommandLine(argv);
    const config = await readConfig(parsed.configFile, runtime, background);
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
        if (command.settings.daemon && background === undefined) {
          await refuseHandedSockets(runtime);
          await goToBackground(runtime, config?.file === STANDARD_INPUT ? config.text : undefined);
          return 0;
        }
        return await serve(command.settings, runtime, background);
    }
  } catch (error) {
    const { line, exitCode } = reportError(error);
    await tell(line, runtime, background);
    return exitCode;
  }
}

/** Tells whoever started stud why it does not serve. */
async function tell(
  line: string,
  runtime: Runtime,
  background: BackgroundStart | undefined,
): Promise<void> {
  if (background !== undefined) await background.failed(line);
  else await writeOut(runtime, "stderr", `stud: ${printable(line)}\n`);
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
  background: BackgroundStart | undefined,
): Promise<ConfigText | undefined> {
  if (file === undefined) return undefined;
  const text = file === STANDARD_INPUT
    ? background?.input ?? await new Response(runtime.processes.stdin).text()
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

async function serve(
  settings: Settings,
  runtime: Runtime,
  background: BackgroundStart | undefined,
): Promise<number> {
  const signals = new StopSignals(runtime);
  const pidFile = settings.pidFile === undefined
    ? undefined
    : await runtime.service.claimPidFile(settings.pidFile);
  try {
    // A name server may be slow, and an operator may lose patience.
    const plan = await Promise.race([planFor(settings, runtime), signals.stop]);
    if (typeof plan === "string") return 0;
    // Foreign code stays out of the supervisor, so OpenSSL has its say in the workers.
    const { tls } = plan.configuration;
    if (tls.library === "rustls") await makeEngine(runtime, tls).check();
    const frontends = await frontendsFor(settings, plan, runtime);
    const outputs = await Outputs.open(runtime, {
      file: settings.logFile,
      detached: background !== undefined,
      syslogFacility: settings.syslog ? settings.syslogFacility : undefined,
    });
    const supervisor = { plan, frontends, signals, outputs };
    return await supervise(supervisor, settings, runtime, background);
  } finally {
    await pidFile?.release();
  }
}

async function planFor(settings: Settings, runtime: Runtime): Promise<Plan> {
  return await makePlan(settings, await makeTlsPlan(settings, runtime), runtime);
}

/** They were given to this very process, which is about to end. */
async function refuseHandedSockets(runtime: Runtime): Promise<void> {
  if ((await HandedSockets.take(runtime)).none) return;
  throw new StartupError(
    "--daemon: sockets of a service manager cannot be taken to the background, where the manager " +
      "keeps stud anyway; leave --daemon out",
  );
}

/** The frontends' addresses; sockets that the service manager has opened are among them. */
async function frontendsFor(
  settings: Settings,
  plan: Plan,
  runtime: Runtime,
): Promise<ListenAddress[]> {
  const handed = await HandedSockets.take(runtime);
  if (!handed.none && plan.configuration.steer !== undefined) {
    throw new StartupError(
      "--steer-by-client: the workers share the sockets of the service manager, so clients go to " +
        "whichever is free; leave it out",
    );
  }
  if (handed.none || settings.frontendsGiven) return await claimPorts(plan, runtime, handed);
  return await claimPorts({ frontends: handed.frontends }, runtime, handed);
}

/** What the start has brought together. */
interface Prepared {
  readonly plan: Plan;
  readonly frontends: readonly ListenAddress[];
  readonly signals: StopSignals;
  readonly outputs: Outputs;
}

async function supervise(
  { plan, frontends, signals, outputs }: Prepared,
  settings: Settings,
  runtime: Runtime,
  background: BackgroundStart | undefined,
): Promise<number> {
  const log = configureLog(outputs.sink, settings.logLevel);
  runtime.processes.onUncaught((error) => log.error("{line}", { line: reportError(error).line }));
  const notifier = new Notifier(runtime, log);
  const supervisor = new Supervisor(runtime, plan, frontends, signals, log);
  supervisor.onHangUp = () => void outputs.reopen();
  supervisor.onServing = async () => {
    await report(settings.listenReport, frontends, runtime, log);
    notifier.ready(`serving on ${frontends.map(formatSocketAddress).join(" and ")}`);
    await background?.served();
  };
  signals.stop.then(() => notifier.stopping());
  try {
    for (const warning of plan.warnings) log.warning("{warning}", { warning });
    await supervisor.run();
    return 0;
  } catch (error) {
    const { line, exitCode } = reportError(error);
    log.error("{line}", { line });
    if (!outputs.onStandardStreams) await tell(line, runtime, background);
    return exitCode;
  } finally {
    await notifier.close();
    await outputs.flushed();
  }
}

async function report(
  path: string | undefined,
  frontends: readonly ListenAddress[],
  runtime: Runtime,
  log: Logger,
): Promise<void> {
  if (path === undefined) return;
  try {
    await runtime.service.writeText(path, listenReport(frontends));
  } catch (error) {
    log.error("--dbg-listen {reason}", { reason: (error as Error).message });
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
