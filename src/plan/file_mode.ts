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
  const warnings: string[] = [];
  const mode = await files.mode(path);
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
  const slash = path.lastIndexOf("/");
  const directory = slash < 0 ? "." : path.slice(0, slash) || "/";
  const around = await files.mode(directory).catch(() => undefined);
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
