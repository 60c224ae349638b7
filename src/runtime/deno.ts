/**
 * The platform under Deno. Composes the parts below this folder into a {@linkcode Runtime}; holds no
 * policy: deadlines, retries and log lines belong to the callers.
 */

import { setImmediate } from "node:timers";
import type { Clock, Files, Kernel, Runtime } from "./runtime.ts";
import { StartupError } from "../errors.ts";
import { createDenoNetwork } from "./deno_network.ts";
import { createDenoProcesses, type WorkerProgram } from "./deno_processes.ts";
import { openLinuxKernel } from "./linux.ts";

/** Makes the platform interface for a program under `deno run` or made by `deno compile`. */
export function createDenoRuntime(program: WorkerProgram): Runtime {
  let kernel: Kernel | undefined;
  let opened = false;
  return {
    platform: Deno.build.os,
    network: createDenoNetwork(),
    files,
    processes: createDenoProcesses(program),
    clock,
    get kernel() {
      // Opened on first use: a supervisor has none, so that no foreign code can end it.
      if (!opened && Deno.build.os === "linux") kernel = openLinuxKernel();
      opened = true;
      return kernel;
    },
  };
}

const files: Files = {
  async readText(path) {
    try {
      return await Deno.readTextFile(path);
    } catch (error) {
      throw new StartupError(`${path}: ${fileFault(error)}`, { cause: error });
    }
  },
  async isDirectory(path) {
    try {
      return (await Deno.stat(path)).isDirectory;
    } catch {
      return false;
    }
  },
};

/** Deno's messages repeat the path and an errno; operators need neither. */
function fileFault(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) {
    return "Deno was not allowed to read it (--allow-read)";
  }
  if (error instanceof Deno.errors.IsADirectory) return "is a directory, not a file";
  const text = error instanceof Error ? error.message : String(error);
  return /is a directory/i.test(text) ? "is a directory, not a file" : text;
}

const clock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};
