/**
 * The program: from arguments to an exit code. It composes everything on a concrete runtime, and it is the
 * only place that ends the process.
 */

import { createRuntime } from "#runtime";
import { defaultConfig } from "./config/default_config.ts";
import { helpText } from "./config/help.ts";
import type { Compat, Settings, TlsLibraryName } from "./config/settings.ts";
import { reportError } from "./errors.ts";
import { printable } from "./log/printable.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { planFor, serve } from "./serve.ts";
import { BackgroundStart, goToBackground } from "./supervisor/background.ts";
import { CommandReader } from "./supervisor/command_reader.ts";
import { refuseHandedSockets } from "./supervisor/frontend_ports.ts";
import { tlsConfigurations } from "./supervisor/plan.ts";
import { makeEngine } from "./tls/make_engine.ts";
import { VERSION } from "./version.ts";
import { runWorker } from "./worker/worker.ts";

/** The argument that makes this program a worker; its supervisor gives it, nobody else. */
const WORKER_ARGUMENT = "--worker-process";
/** The release of hitch whose place stud takes. */
const HITCH_VERSION = "1.8.0";

/** Runs the program and ends the process with its exit code. */
export async function main(): Promise<never> {
  const ownsLoop = Deno.args[0] === WORKER_ARGUMENT;
  const runtime = createRuntime({ workerArguments: [WORKER_ARGUMENT], ownsLoop });
  const { args } = runtime.processes;
  const code = args[0] === WORKER_ARGUMENT
    ? await runWorker(
      runtime,
      (configuration) => makeEngine(runtime, configuration, { ownProcess: true }),
    )
    : await run(args, runtime, await BackgroundStart.join(runtime));
  return runtime.processes.exit(code);
}

async function run(
  argv: readonly string[],
  runtime: Runtime,
  background: BackgroundStart | undefined,
): Promise<number> {
  const tellStarter = (line: string) => tell(line, runtime, background);
  try {
    const reader = new CommandReader(argv, runtime, background?.input);
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
        if (command.settings.daemon && background === undefined) {
          await refuseHandedSockets(runtime);
          await goToBackground(runtime, reader.standardInput);
          return 0;
        }
        return await serve({
          ...{ settings: command.settings, reader, runtime, background, tell: tellStarter },
        });
    }
  } catch (error) {
    const { line, exitCode } = reportError(error);
    await tellStarter(line);
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
