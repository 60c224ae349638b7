/**
 * The program: a command, or one of its workers, as the arguments say. Each loads only its own modules. This module
 * ends the process.
 */

import { createRuntime } from "#runtime";
import { WORKER_ARGUMENT } from "./control/worker_argument.ts";

/** Runs the program and ends the process with its exit code. */
export async function main(): Promise<never> {
  const runtime = createRuntime({ workerArguments: [WORKER_ARGUMENT] });
  const { args } = runtime.processes;
  if (args[0] === WORKER_ARGUMENT) {
    const { workerMain } = await import("./worker_main.ts");
    return await workerMain();
  }
  const { runCommand } = await import("./command.ts");
  return runtime.processes.exit(await runCommand(args, runtime));
}
