/**
 * How the files of every runtime report faults: one line that begins with the path. What a fault is called is the
 * runtime's, because each has its own errors.
 */

import { StartupError } from "../errors.ts";

/**
 * Makes a function that does some work on a path. If the work fails, it throws a StartupError with the path, and the
 * reason that `reasonOf` gives.
 */
export function namingFaults(
  reasonOf: (error: unknown) => string,
): <T>(path: string, work: () => Promise<T>) => Promise<T> {
  return async (path, work) => {
    try {
      return await work();
    } catch (error) {
      throw new StartupError(`${path}: ${reasonOf(error)}`, { cause: error });
    }
  };
}

/** Whether a link leads to a file. A broken link counts as a file: reading it reports the error. */
export async function mayBeFile(isFile: () => Promise<boolean>): Promise<boolean> {
  try {
    return await isFile();
  } catch {
    return true;
  }
}
