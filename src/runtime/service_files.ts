/** A service's files, the same under Deno and Node. */

import type { FileHandle } from "node:fs/promises";
import { resolve } from "node:path";
import process from "node:process";
import { StartupError } from "../errors.ts";
import { fromOrigin, keepOrigin } from "./rooted_files.ts";
import type { LogHandle, Service } from "./service.ts";

/** Changes to `/`; the operator's relative paths keep their meaning. */
export function goToRoot(): void {
  keepOrigin(process.cwd());
  process.chdir("/");
}

/** `Service.absolute`. */
export function absolute(path: string): string {
  return resolve(fromOrigin(path));
}

/** `Service.kindOf`. */
export async function kindOf(path: string): ReturnType<Service["kindOf"]> {
  const { stat } = await import("node:fs/promises");
  const found = await stat(absolute(path)).catch(() => undefined);
  if (found === undefined) return undefined;
  if (found.isFile()) return "file";
  if (isSocket(found)) return "socket";
  return found.isDirectory() ? "directory" : "other";
}

/** Whether it is a socket. Deno before 2.9 does not answer `isSocket()`, but tells the mode of inode(7). */
export function isSocket({ mode }: { readonly mode: number }): boolean {
  return (mode & 0o170000) === 0o140000;
}

/** `Service.writeText`. */
export async function writeText(path: string, text: string): Promise<void> {
  try {
    const { writeFile } = await import("node:fs/promises");
    await writeFile(absolute(path), text);
  } catch (error) {
    throw fault(path, error);
  }
}

/** `Service.openLog`. */
export async function openLog(path: string): Promise<LogHandle> {
  const absolutePath = absolute(path);
  try {
    const { open, stat } = await import("node:fs/promises");
    const found = await stat(absolutePath).catch(() => undefined);
    if (found !== undefined) refuseNamedPipe(path, absolutePath, found);
    return new OpenLog(absolutePath, await open(absolutePath, "a", LOG_MODE));
  } catch (error) {
    throw fault(path, error);
  }
}

class OpenLog implements LogHandle {
  readonly #path: string;
  readonly #file: FileHandle;

  constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      const { bytesWritten } = await this.#file.write(bytes, sent, bytes.length - sent);
      sent += bytesWritten;
    }
  }

  async isCurrent(): Promise<boolean> {
    try {
      const { stat } = await import("node:fs/promises");
      const [named, own] = await Promise.all([stat(this.#path), this.#file.stat()]);
      return named.dev === own.dev && named.ino === own.ino;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    try {
      await this.#file.close();
    } catch {
      // Closed already.
    }
  }
}

/** It may have no reader, and opening it would then block forever. Throws {@linkcode StartupError}. */
export function refuseNamedPipe(
  path: string,
  absolutePath: string,
  { mode }: { readonly mode: number },
): void {
  // Deno 2.4's `isFIFO()` is never true. The target of /dev/stdout is already open.
  if ((mode & FILE_TYPE) !== NAMED_PIPE || /^\/(dev|proc)\//.test(absolutePath)) return;
  throw new StartupError(`${path}: is a named pipe, not a file`);
}

/** S_IFMT and S_IFIFO of inode(7). */
const FILE_TYPE = 0o170000;
const NAMED_PIPE = 0o010000;

/** Puts the path before the cause, in the words that stud uses on every platform. */
export function fault(path: string, error: unknown): StartupError {
  if (error instanceof StartupError) return error;
  const { code, message } = error as { code?: string; message: string };
  return new StartupError(`${path}: ${FAULTS[code ?? ""] ?? message}`, { cause: error });
}

/** By errno(3). */
const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: "no such directory",
  ENOTDIR: "no such directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "is a directory, not a file",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on the disk",
};

/** The error for a pidfile that a living process holds. */
export function heldBy(path: string, holder: number | undefined): StartupError {
  const who = holder === undefined ? "" : `, as process ${holder}`;
  return new StartupError(
    `--pidfile ${path}: stud is already running${who}; stop it first, or use another pidfile`,
  );
}

/** The mode of a pidfile. */
export const PID_MODE = 0o644;
const LOG_MODE = 0o640;
