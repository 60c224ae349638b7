/**
 * The command: from arguments to an exit code. Modules that only some commands need are loaded by those commands. A
 * command that serves starts its workers before it loads the remaining modules.
 */

import { describeSandbox, sandboxSetting } from "./config/sandbox_setting.ts";
import type { Compat, Settings, TlsLibraryName } from "./config/settings.ts";
import { reportError } from "./errors.ts";
import { printable } from "./wire/escape.ts";
import type { Runtime } from "./runtime/runtime.ts";
import type { ServeOptions } from "./serve.ts";
import { BackgroundStart, goToBackground } from "./service/background.ts";
import { CommandReader } from "./service/command_reader.ts";
import { StopSignals } from "./service/stop_signals.ts";
import { workerCount } from "./plan/worker_count.ts";
import { ENGINES } from "./tls/engines.ts";
import { postQuantum } from "./tls/post_quantum.ts";
import { STATUS_COMMANDS } from "./config/status_commands.ts";
import { VERSION } from "./version.ts";

/** The release of hitch that stud replaces. */
const HITCH_VERSION = "1.8.0";
/** What the version text is about: no other settings are known there. */
const DEFAULTS = { groups: undefined, protocols: ["TLSv1.3"] } as const;

/** Runs the command that the arguments name and returns the exit code. */
export async function runCommand(argv: readonly string[], runtime: Runtime): Promise<number> {
  const signals = new StopSignals(runtime);
  return await run(argv, runtime, signals, await BackgroundStart.join(runtime));
}

async function run(
  argv: readonly string[],
  runtime: Runtime,
  signals: StopSignals,
  background: BackgroundStart | undefined,
): Promise<number> {
  const tellStarter = (line: string) => tell(line, runtime, background);
  if (STATUS_COMMANDS.some((name) => name === argv[0])) {
    const { runStatusCommand } = await import("./status_client/command.ts");
    const write = (stream: "stdout" | "stderr", text: string) => writeOut(runtime, stream, text);
    return await runStatusCommand(argv, runtime, { stop: signals.stop, write });
  }
  const reader = new CommandReader(argv, runtime, background?.input);
  try {
    // Reading the configuration may take long, for example from a pipe.
    const command = await Promise.race([reader.read(), signals.stop]);
    if (typeof command === "string") return reader.tests ? await cutShort(runtime) : 0;
    switch (command.action) {
      case "help": {
        const { helpOn } = await import("./manual/help.ts");
        return await print(runtime, helpOn(command.topic, VERSION));
      }
      case "version":
        return await print(runtime, versionText(command.compat, runtime));
      case "completion": {
        const { completion } = await import("./manual/completion.ts");
        return await print(runtime, completion(command.shell));
      }
      case "default-config": {
        const { defaultConfig } = await import("./manual/default_config.ts");
        return await print(runtime, defaultConfig());
      }
      case "test":
        return await Promise.race([
          check(command.settings, runtime),
          signals.stop.then(() => cutShort(runtime)),
        ]);
      case "run":
        if (command.settings.service.daemon && background === undefined) {
          await refuseSocketsForDaemon(runtime);
          await warnOfNoLog(command.settings, runtime);
          await goToBackground(runtime, reader.standardInput, signals);
          return 0;
        }
        return await start({
          ...{ settings: command.settings, reader, runtime, background, tell: tellStarter },
          signals,
        });
    }
  } catch (error) {
    const { line, exitCode } = reportError(reader.naming(error));
    await tellStarter(line);
    return exitCode;
  }
}

/** The last chance to warn the terminal: a daemon writes only to its log. */
async function warnOfNoLog(settings: Settings, runtime: Runtime): Promise<void> {
  if (settings.log.file !== undefined) return;
  const { LOG_SOCKET, syslogWarning } = await import("./service/syslog_warning.ts");
  const warning = syslogWarning(settings);
  if (await runtime.files.mode(LOG_SOCKET).catch(() => undefined) !== undefined) return;
  await writeOut(runtime, "stderr", `stud: warning: ${warning}\n`);
}

/** Workers take as long to start as the rest of this program loads, so both happen at the same time. */
async function start(options: ServeOptions): Promise<number> {
  const { settings, runtime } = options;
  const { processes } = runtime;
  const workers = workerCount(settings, runtime);
  const sandbox = sandboxSetting(settings);
  if (sandbox !== undefined) {
    processes.hideMemory?.();
    processes.limitWorkers?.();
  }
  const wholeEnvironment = sandbox === undefined || sandbox.token;
  processes.expectWorkers?.(workers, { wholeEnvironment });
  const { serve } = await import("./serve.ts");
  return await serve(options);
}

/** Tells the process that started stud why it does not serve. */
async function tell(
  line: string,
  runtime: Runtime,
  background: BackgroundStart | undefined,
): Promise<void> {
  if (background !== undefined) await background.failed(line);
  else await writeOut(runtime, "stderr", `stud: ${printable(line)}\n`);
}

/** The program's version, the TLS engines on this machine, and which of them is the default. */
function versionText(compat: Compat, runtime: Runtime): string {
  const engines = runtime.tlsLibraries.map((name) => ({ name, ...library(name, runtime) }));
  const chosen = engines.find(({ usable }) => usable)?.name ?? "none";
  const lines = engines.map(({ name, text }) => `TLS engine ${name}: ${text}\n`);
  const program = compat === "hitch"
    ? `hitch ${HITCH_VERSION} (stud ${VERSION})`
    : `stud ${VERSION}`;
  return [`${program}\n`, ...lines, `TLS engine auto: ${chosen}\n`].join("");
}

function library(name: TlsLibraryName, runtime: Runtime): { usable: boolean; text: string } {
  try {
    const version = ENGINES[name].version(runtime);
    const { groups, why } = postQuantum(`${name} ${version}`, DEFAULTS);
    const offers = why === undefined
      ? `post-quantum: ${groups.join(" ")}`
      : `no post-quantum key exchange: ${why}`;
    return { usable: true, text: `${version}; ${offers}` };
  } catch (error) {
    return { usable: false, text: `not usable: ${(error as Error).message}` };
  }
}

async function check(settings: Settings, runtime: Runtime): Promise<number> {
  const { rehearse } = await import("./serve.ts");
  const { Rehearsal } = await import("./service/rehearsal.ts");
  const { tlsConfigurations } = await import("./plan/plan.ts");
  const { makeEngine } = await import("./tls/make_engine.ts");
  if (settings.workers.sandbox) runtime.processes.hideMemory?.();
  if (settings.service.daemon) await refuseSocketsForDaemon(runtime);
  const rehearsal = new Rehearsal(runtime, settings);
  const plan = await rehearse(settings, rehearsal.runtime);
  for (const tls of tlsConfigurations(plan)) await (await makeEngine(runtime, tls)).check();
  await rehearsal.look(plan);
  for (const warning of [...plan.warnings, ...rehearsal.notes]) {
    await writeOut(runtime, "stderr", `stud: warning: ${printable(warning)}\n`);
  }
  if (settings.compat === "none") {
    const sandbox = describeSandbox(sandboxSetting(settings), runtime);
    await writeOut(runtime, "stderr", `stud: workers once they serve: ${sandbox}\n`);
    return await print(runtime, "stud: the configuration is good\n");
  }
  await writeOut(runtime, "stderr", "hitch configuration looks ok.\n");
  return 0;
}

async function refuseSocketsForDaemon(runtime: Runtime): Promise<void> {
  const { refuseHandedSockets } = await import("./service/frontend_ports.ts");
  await refuseHandedSockets(runtime);
}

/** A check that was interrupted must not look like a successful one. */
async function cutShort(runtime: Runtime): Promise<number> {
  await writeOut(
    runtime,
    "stderr",
    "stud: --test: a signal stopped it before everything was checked\n",
  );
  return 1;
}

async function print(runtime: Runtime, text: string): Promise<number> {
  await writeOut(runtime, "stdout", text);
  return 0;
}

/** There may be no reader: `stud --help | head -1` is no error. */
async function writeOut(
  runtime: Runtime,
  stream: "stdout" | "stderr",
  text: string,
): Promise<void> {
  await runtime.processes.write(stream, new TextEncoder().encode(text)).catch(() => {});
}
