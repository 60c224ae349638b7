/**
 * The files of every runtime, made of the few calls that differ. A fault is one line that begins with the path; its
 * reason is in the runtime's words, because each has its own errors.
 */

import { StartupError } from "../errors.ts";
import type { Files, FileStatus, ReadFile } from "./files.ts";

/** What a runtime does with files. Faults are its own. */
export interface FileSystem extends Pick<Files, "list" | "replace"> {
  status(path: string): Promise<FileStatus>;
  /** All, or as much as `isEnough` is content with. */
  read(
    path: string,
    limit?: number,
    status?: FileStatus,
    isEnough?: (bytes: Uint8Array) => boolean,
  ): Promise<Uint8Array>;
  /** See {@linkcode Files.readNow}; may also throw. */
  readNow(path: string, into: Uint8Array<ArrayBuffer>): ReadFile | undefined;
  /** The reason in an error, for operators. */
  reasonOf(error: unknown): string;
}

/** The files of a runtime. */
export function filesOn(system: FileSystem): Files {
  const named = async <T>(path: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw new StartupError(`${path}: ${system.reasonOf(error)}`, { cause: error });
    }
  };
  const status = (path: string) => system.status(path).catch(() => undefined);
  return {
    readText: (path, limit, status) =>
      named(path, async () => new TextDecoder().decode(await system.read(path, limit, status))),
    readBeginning: (path, isEnough) =>
      named(path, async () => {
        const decoded = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
        return decoded(
          await system.read(path, Infinity, undefined, (bytes) => isEnough(decoded(bytes))),
        );
      }),
    readBytes: (path, limit, status) => named(path, () => system.read(path, limit, status)),
    readNow(path, into) {
      try {
        return system.readNow(path, into);
      } catch {
        return undefined;
      }
    },
    status,
    list: (directory) => named(directory, () => system.list(directory)),
    mode: (path) => named(path, async () => (await system.status(path)).mode),
    isDirectory: async (path) => (await status(path))?.isDirectory ?? false,
    stamp: async (path) => (await status(path))?.stamp,
    replace: (path, bytes, mode) => named(path, () => system.replace(path, bytes, mode)),
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
