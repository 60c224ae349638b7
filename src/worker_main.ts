/**
 * The program of a worker process: composes a worker on a concrete runtime, and ends the process. It loads no module
 * that only a supervisor needs.
 */

import { createRuntime } from "#runtime";
import { makeEngine } from "./tls/make_engine.ts";
import type { TlsConfiguration } from "./tls/tls_configuration.ts";
import { runWorker } from "./worker/worker.ts";

/** Runs a worker and ends the process with its exit code. */
export async function workerMain(): Promise<never> {
  const runtime = createRuntime({ workerArguments: [], ownsLoop: true });
  const engineFor = (configuration: TlsConfiguration) =>
    makeEngine(runtime, configuration, { ownProcess: true });
  return runtime.processes.exit(await runWorker(runtime, engineFor));
}
