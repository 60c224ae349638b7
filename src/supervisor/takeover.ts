/** Takes the place of another stud that listens on the same addresses: `--takeover`. */

import { StartupError } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";

/**
 * Finds the process to take over from, by its id or by a pidfile that holds it. Rejects with
 * {@linkcode StartupError} if there is none such.
 */
export async function findPredecessor(
  pidOrFile: string,
  { files, processes, platform }: Pick<Runtime, "files" | "processes" | "platform">,
): Promise<number> {
  const isNumber = /^[0-9]+$/.test(pidOrFile);
  const text = isNumber ? pidOrFile : (await files.readText(pidOrFile)).trim();
  const pid = Number(text);
  if (!Number.isSafeInteger(pid) || pid < 1 || pid === processes.pid) {
    throw new StartupError(
      `--takeover ${pidOrFile}: ${
        isNumber ? "no such process" : "no process id in it"
      }; give the id of ` +
        "the stud that serves now, or its pidfile",
    );
  }
  if (platform === "linux" && !await files.isDirectory(`/proc/${pid}`)) {
    throw new StartupError(
      `--takeover ${pidOrFile}: there is no process ${pid}; start stud without it if none serves`,
    );
  }
  return pid;
}
