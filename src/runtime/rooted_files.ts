/**
 * Paths after the process has left its initial directory: the operator's relative paths keep their meaning. It uses
 * none of the platform's modules, because workers load this too.
 */

import type { Files } from "./runtime.ts";

/** The base of relative paths, once this process has left that directory. */
let origin: string | undefined;

/** Records the directory that the process leaves now; only the first call has an effect. */
export function keepOrigin(directory: string): void {
  origin ??= directory;
}

/** Resolves the path from the directory where the process was started. Unchanged before that directory was left. */
export function fromOrigin(path: string): string {
  return origin === undefined ? path : below(origin, path);
}

/** The path if it is absolute, otherwise the path below the directory. Dots are left as they are. */
export function below(directory: string, path: string): string {
  return ABSOLUTE.test(path) ? path : `${directory}/${path}`;
}

/** Files whose paths mean the same after {@linkcode keepOrigin} as before. */
export function rootedFiles(files: Files): Files {
  return {
    readText: (path, limit, status) => files.readText(fromOrigin(path), limit, status),
    readBeginning: (path, isEnough) => files.readBeginning(fromOrigin(path), isEnough),
    readBytes: (path, limit, status) => files.readBytes(fromOrigin(path), limit, status),
    ...files.readNow &&
      {
        readNow: (path: string, into: Uint8Array<ArrayBuffer>) =>
          files.readNow!(fromOrigin(path), into),
      },
    status: (path) => files.status(fromOrigin(path)),
    list: (directory) => files.list(fromOrigin(directory)),
    mode: (path) => files.mode(fromOrigin(path)),
    isDirectory: (path) => files.isDirectory(fromOrigin(path)),
    stamp: (path) => files.stamp(fromOrigin(path)),
    replace: (path, bytes, mode) => files.replace(fromOrigin(path), bytes, mode),
  };
}

/** On Windows with a drive letter, or on the current drive. */
const ABSOLUTE = /^(?:[A-Za-z]:)?[\\/]/;
