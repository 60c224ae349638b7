/** How many workers to run, by the settings and by what this machine has. */

import type { WorkerSettings } from "../config/settings.ts";
import { counted } from "../counted.ts";
import { StartupError } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";

/**
 * The number of workers. Throws {@linkcode StartupError} for more than this platform or machine can use. A worker is a
 * process that can keep one CPU busy by itself and takes tens of MiB of memory from its start. So more workers than
 * CPUs gain little, and many more make every client slower.
 */
export function workerCount(
  { workers: { count: workers } }: { readonly workers: Pick<WorkerSettings, "count"> },
  { platform, processes: { cpus } }: Pick<Runtime, "platform" | "processes">,
): number {
  const count = workers === "auto" ? cpus : workers;
  if (count > 1 && platform !== "linux") {
    throw new StartupError(
      `--workers ${count}: workers can share a port only on Linux; use one worker on ${platform}`,
    );
  }
  const max = Math.max(ON_ANY_MACHINE, FOR_EACH_CPU * cpus);
  if (workers !== "auto" && count > max) {
    throw new StartupError(
      `--workers ${count}: the max is ${max} on this machine, which has ` +
        `${counted(cpus, "CPU")}; more workers only cost memory: use --workers auto for ` +
        "one per CPU",
    );
  }
  return count;
}

/** So that machines of several sizes can share a configuration. */
const ON_ANY_MACHINE = 64;
const FOR_EACH_CPU = 4;
