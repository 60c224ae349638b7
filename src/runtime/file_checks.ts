/**
 * Whether files could be opened or made, found out without opening or making any: what `-t` asks before a start does
 * it. The same under Deno and Node.
 */

import type { Stats } from "node:fs";
import { StartupError } from "../errors.ts";
import { absolute, fault, refuseNamedPipe } from "./service_files.ts";

/** `Service.checkLog`. */
export async function checkLog(path: string): Promise<void> {
  try {
    const { constants } = await import("node:fs/promises");
    const place = absolute(path);
    const found = await fileAt(place);
    if (found !== undefined) refuseNamedPipe(path, place, found);
    await checkPlace(place, found, constants.W_OK);
  } catch (error) {
    throw fault(path, error);
  }
}

/** A pidfile is removed at the end, which no device should be. Rejects with {@linkcode StartupError}. */
export async function checkPidPlace(path: string): Promise<void> {
  const found = await fileAt(absolute(path));
  if (found === undefined || (found.mode & FILE_TYPE) === REGULAR) return;
  const what = (found.mode & FILE_TYPE) === DIRECTORY ? "a directory" : "a device or a pipe";
  throw new StartupError(`--pidfile ${path}: is ${what}, not a file`);
}

/** The same as {@linkcode checkLog} of a file that is to be read too. */
export async function checkReadWrite(path: string): Promise<void> {
  try {
    const { constants } = await import("node:fs/promises");
    const place = absolute(path);
    await checkPlace(place, await fileAt(place), constants.R_OK | constants.W_OK);
  } catch (error) {
    throw fault(path, error);
  }
}

/** Whether files could be made in a file's directory. Rejects with {@linkcode StartupError}. */
export async function checkDirectoryOf(path: string): Promise<void> {
  try {
    await checkDirectory(absolute(path));
  } catch (error) {
    throw fault(path, error);
  }
}

async function checkPlace(place: string, found: Stats | undefined, rights: number): Promise<void> {
  const { access, readlink } = await import("node:fs/promises");
  if (found?.isDirectory()) throw Object.assign(new Error("a directory"), { code: "EISDIR" });
  if (found !== undefined) return await access(place, rights);
  // A link to nothing: the file is made where it leads.
  const target = await readlink(place).catch(() => undefined);
  if (target === undefined) return await checkDirectory(place);
  const { dirname, resolve } = await import("node:path");
  await checkDirectory(resolve(dirname(place), target));
}

async function checkDirectory(place: string): Promise<void> {
  const { access, constants, stat } = await import("node:fs/promises");
  const { dirname } = await import("node:path");
  const directory = dirname(place);
  if (!(await stat(directory)).isDirectory()) {
    throw Object.assign(new Error("not a directory"), { code: "ENOTDIR" });
  }
  await access(directory, constants.W_OK | constants.X_OK);
}

/** Links followed; undefined if there is none. */
async function fileAt(place: string): Promise<Stats | undefined> {
  const { stat } = await import("node:fs/promises");
  try {
    return await stat(place);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}

/** S_IFMT and what is under it, of inode(7). */
const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const DIRECTORY = 0o040000;
