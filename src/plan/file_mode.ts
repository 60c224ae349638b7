/** Reports files with secrets that users other than their owner can access or replace. */

import type { Files } from "../runtime/runtime.ts";

/**
 * Lines for the log about a file, each starting with the file. `why` is the consequence. The caller decides whether the
 * group may read it, as distributions set it for private keys (Debian's `ssl-cert`).
 */
export async function fileModeWarnings(
  files: Pick<Files, "mode">,
  path: string,
  why: string,
  { groupMayRead = false }: { readonly groupMayRead?: boolean } = {},
): Promise<string[]> {
  const mode = await files.mode(path);
  const around = await files.mode(directoryOf(path)).catch(() => undefined);
  return modeWarnings(path, { mode, around }, why, { groupMayRead });
}

/** The directory that a file is in. */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : path.slice(0, slash) || "/";
}

/** The permission bits of a file, and those of the directory around it; undefined: unknown. */
export interface FileModes {
  readonly mode: number | undefined;
  readonly around: number | undefined;
}

/** The same as {@linkcode fileModeWarnings} for modes that are known already. */
export function modeWarnings(
  path: string,
  { mode, around }: FileModes,
  why: string,
  { groupMayRead = false }: { readonly groupMayRead?: boolean } = {},
): string[] {
  const warnings: string[] = [];
  // A file that a shell passes as /dev/fd/N is accessible to its owner only.
  const unwanted = groupMayRead ? GROUP_AND_OTHERS & ~GROUP_READ : GROUP_AND_OTHERS;
  if (mode !== undefined && (mode & unwanted) !== 0 && !path.startsWith("/dev/fd/")) {
    warnings.push(
      `${path}: users other than its owner have access to this file (mode ${
        shown(mode)
      }), and ${why}; run: ` +
        `chmod 600 ${path}`,
    );
  }
  const directory = directoryOf(path);
  if (around !== undefined && (around & OTHERS_WRITE) !== 0 && (around & STICKY) === 0) {
    warnings.push(
      `${path}: anyone can replace this file, because its directory is world-writable (mode ` +
        `${shown(around)}); run: chmod o-w ${directory}`,
    );
  }
  return warnings;
}

function shown(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

/** S_IRWXG | S_IRWXO. */
const GROUP_AND_OTHERS = 0o077;
const GROUP_READ = 0o040;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;
