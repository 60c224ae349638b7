/**
 * Checks whether files could be opened or created, without doing so: `-t` runs these checks before a start. The same
 * under Deno and Node.
 */

import type { Stats } from "node:fs";
import { StartupError } from "../errors.ts";
import { absolute, fault, refuseNamedPipe } from "./service_files.ts";

/** `Service.checkLog`. */
export async function checkLog(path: string): Promise<void> {
  try {
    const { constants } = await import("node:fs/promises");
    const absolutePath = absolute(path);
    const found = await fileAt(absolutePath);
    if (found !== undefined) refuseNamedPipe(path, absolutePath, found);
    await checkAccess(absolutePath, found, constants.W_OK);
  } catch (error) {
    throw fault(path, error);
  }
}

/**
 * A pidfile is overwritten, and removed at the end; this protects devices, and for example a certificate that was given
 * by mistake. Rejects with {@linkcode StartupError}.
 */
export async function checkPidPath(path: string): Promise<void> {
  const found = await fileAt(absolute(path));
  if (found === undefined) return;
  if ((found.mode & FILE_TYPE) === REGULAR) return await checkPidContent(path, found.size);
  const what = (found.mode & FILE_TYPE) === DIRECTORY ? "a directory" : "a device or a pipe";
  throw new StartupError(`--pidfile ${path}: is ${what}, not a file`);
}

async function checkPidContent(path: string, size: number): Promise<void> {
  const { readFile } = await import("node:fs/promises");
  // A file that may not be read may not be written either; another check reports that.
  const text = size > MAX_PID_LENGTH
    ? undefined
    : await readFile(absolute(path), "latin1").catch(() => "");
  // A crash of the machine can leave zero bytes.
  if (text !== undefined && /^[\s\0]*\d*[\s\0]*$/.test(text)) return;
  throw new StartupError(
    `--pidfile ${path}: the file does not hold a process id, and stud would overwrite ` +
      "it; give another file, or remove this one",
  );
}

/** Like {@linkcode checkLog}, for a pidfile, which is also read. */
export async function checkReadWrite(path: string): Promise<void> {
  try {
    const { constants } = await import("node:fs/promises");
    const absolutePath = absolute(path);
    await checkAccess(absolutePath, await fileAt(absolutePath), constants.R_OK | constants.W_OK);
  } catch (error) {
    throw fault(`--pidfile ${path}`, error);
  }
}

/** Checks whether a pidfile could be created in its directory. Rejects with {@linkcode StartupError}. */
export async function checkDirectoryOf(path: string): Promise<void> {
  try {
    await checkDirectory(absolute(path));
  } catch (error) {
    throw fault(`--pidfile ${path}`, error);
  }
}

async function checkAccess(
  absolutePath: string,
  found: Stats | undefined,
  rights: number,
): Promise<void> {
  const { access, readlink } = await import("node:fs/promises");
  if (found?.isDirectory()) throw Object.assign(new Error("a directory"), { code: "EISDIR" });
  if (found !== undefined) return await access(absolutePath, rights);
  // A link without a target: the file is created where it leads.
  const target = await readlink(absolutePath).catch(() => undefined);
  if (target === undefined) return await checkDirectory(absolutePath);
  const { dirname, resolve } = await import("node:path");
  await checkDirectory(resolve(dirname(absolutePath), target));
}

async function checkDirectory(absolutePath: string): Promise<void> {
  const { access, constants, stat } = await import("node:fs/promises");
  const { dirname } = await import("node:path");
  const directory = dirname(absolutePath);
  if (!(await stat(directory)).isDirectory()) {
    throw Object.assign(new Error("not a directory"), { code: "ENOTDIR" });
  }
  await access(directory, constants.W_OK | constants.X_OK);
}

/** Follows links; undefined if there is no file. */
async function fileAt(absolutePath: string): Promise<Stats | undefined> {
  const { stat } = await import("node:fs/promises");
  try {
    return await stat(absolutePath);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Max bytes of a pidfile, with spaces and zeros. */
const MAX_PID_LENGTH = 64;
/** S_IFMT and its values, of inode(7). */
const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const DIRECTORY = 0o040000;
