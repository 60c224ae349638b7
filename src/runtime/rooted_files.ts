/**
 * Paths after the process has left the directory it was started in: relative ones of the operator go on to mean
 * what they meant. Without a module of the platform's, since workers load this too.
 */

import type { Files } from "./runtime.ts";

/** Where relative paths begin, once this process has left that directory. */
let origin: string | undefined;

/** Remembers the directory that is left now; only the first one counts. */
export function keepOrigin(directory: string): void {
  origin ??= directory;
}

/** The path as it was meant where the process was started. Unchanged before that directory was left. */
export function fromOrigin(path: string): string {
  return origin === undefined ? path : below(origin, path);
}

/** The path if it is absolute, or else the same below the directory. Dots are left as they are. */
export function below(directory: string, path: string): string {
  return ABSOLUTE.test(path) ? path : `${directory}/${path}`;
}

/** Files that are found after {@linkcode keepOrigin} as they were before. */
export function rootedFiles(files: Files): Files {
  return {
    readText: (path, limit) => files.readText(fromOrigin(path), limit),
    readOctets: (path, limit) => files.readOctets(fromOrigin(path), limit),
    list: (directory) => files.list(fromOrigin(directory)),
    mode: (path) => files.mode(fromOrigin(path)),
    isDirectory: (path) => files.isDirectory(fromOrigin(path)),
    stamp: (path) => files.stamp(fromOrigin(path)),
    replace: (path, octets, mode) => files.replace(fromOrigin(path), octets, mode),
  };
}

/** On Windows with a drive, or on the drive that is current. */
const ABSOLUTE = /^(?:[A-Za-z]:)?[\\/]/;
