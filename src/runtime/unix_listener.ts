/**
 * Listening on a unix socket that belongs to its owner alone (mode 0600) from its first moment: it is made in a
 * directory that no other user can enter, and renamed into place. A socket that a process has left behind is replaced;
 * anything else at the path is an error.
 */

import { chmod, lstat, mkdtemp, rename, rmdir, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { dirname } from "node:path";
import { PortInUseError, StartupError } from "../errors.ts";
import { codeOf } from "./node/facts.ts";
import { isSocket } from "./service_files.ts";

/** A unix socket at its path. */
export interface UnixListener {
  /** Whether the path still leads to this socket. Never rejects. */
  isThere(): Promise<boolean>;
  /** Removes the path if it still leads to this socket. Never rejects. */
  remove(): Promise<void>;
}

/**
 * Listens on a path: `listen` listens on the one that it is given. Rejects with {@linkcode StartupError} that names the
 * path.
 */
export async function listenOnPath(
  path: string,
  listen: (path: string) => Promise<void>,
): Promise<UnixListener> {
  await checkUnixPath(path);
  let directory: string | undefined;
  try {
    directory = await mkdtemp(`${dirname(path)}/.stud-`);
    const first = `${directory}/s`;
    await listen(first);
    await chmod(first, 0o600);
    const { dev, ino } = await lstat(first);
    await rename(first, path);
    const isThere = async () => {
      const found = await lstat(path).catch(() => undefined);
      return found?.dev === dev && found.ino === ino;
    };
    return {
      isThere,
      async remove() {
        // By now the path may belong to another process.
        if (await isThere()) await unlink(path).catch(() => {});
      },
    };
  } catch (error) {
    const why = FAULTS[codeOf(error) ?? ""] ?? (error as Error).message;
    throw new StartupError(`cannot listen on ${path}: ${why}`, { cause: error });
  } finally {
    if (directory !== undefined) {
      await unlink(`${directory}/s`).catch(() => {}); // It is there only after a fault.
      await rmdir(directory).catch(() => {});
    }
  }
}

/** Rejects with {@linkcode StartupError} if something at a path may not be replaced by a socket. */
export async function checkUnixPath(path: string): Promise<void> {
  if (new TextEncoder().encode(dirname(path)).length + TEMPORARY > LONGEST_PATH) {
    throw new StartupError(`cannot listen on ${path}: the name of its directory is too long`);
  }
  const fail = (error: unknown) => {
    const why = FAULTS[codeOf(error) ?? ""] ?? (error as Error).message;
    throw new StartupError(`cannot listen on ${path}: ${why}`, { cause: error });
  };
  const found = await lstat(path).catch((error) =>
    codeOf(error) === "ENOENT" ? undefined : fail(error)
  );
  if (found === undefined) return void await lstat(dirname(path)).catch(fail);
  if (!isSocket(found)) {
    throw new StartupError(
      `cannot listen on ${path}: it exists and is not a socket; remove it, or name another path`,
    );
  }
  if (await isLive(path)) {
    throw new PortInUseError(`cannot listen on ${path}: another process listens there`);
  }
}

function isLive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.on("connect", () => {
      resolve(true);
      socket.destroy();
    });
    // One that this user may not connect to is not known to be dead.
    socket.on("error", (error) => resolve(codeOf(error) !== "ECONNREFUSED"));
  });
}

/** Bytes of `/.stud-XXXXXX/s`. */
const TEMPORARY = 15;
/** sun_path in unix(7), less its final NUL. */
const LONGEST_PATH = 107;

/** By errno(3). */
const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: "no such directory",
  ENOTDIR: "no such directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  EADDRINUSE: "another process listens there",
};
