/** The files that a service keeps: the same under Deno and Node. */

import { type FileHandle, open, stat } from "node:fs/promises";
import { StartupError } from "../errors.ts";
import type { LogHandle } from "./service.ts";

/** `Service.openLog`. */
export async function openLog(path: string): Promise<LogHandle> {
  try {
    // Nobody may read a named pipe, and opening it would wait for ever then.
    const found = await stat(path).catch(() => undefined);
    if (found?.isFIFO()) throw new StartupError(`${path}: is a named pipe, not a file`);
    return new OpenLog(path, await open(path, "a", LOG_MODE));
  } catch (error) {
    if (error instanceof StartupError) throw error;
    const { code, message } = error as { code?: string; message: string };
    throw new StartupError(`${path}: ${FAULTS[code ?? ""] ?? message}`, { cause: error });
  }
}

class OpenLog implements LogHandle {
  readonly #path: string;
  readonly #file: FileHandle;

  constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  async append(octets: Uint8Array): Promise<void> {
    for (let sent = 0; sent < octets.length;) {
      const { bytesWritten } = await this.#file.write(octets, sent, octets.length - sent);
      sent += bytesWritten;
    }
  }

  async isCurrent(): Promise<boolean> {
    try {
      const [named, own] = await Promise.all([stat(this.#path), this.#file.stat()]);
      return named.dev === own.dev && named.ino === own.ino;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    await this.#file.close().catch(() => {});
  }
}

/** By errno(3), in the words that stud uses on every platform. */
const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: "no such directory",
  ENOTDIR: "no such directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "is a directory, not a file",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on the disk",
};

/** Addresses of clients are not for everybody. */
const LOG_MODE = 0o640;
