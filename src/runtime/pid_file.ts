/**
 * A pidfile where the platform has no flock(2). Its owner keeps the file open for its life. The next process takes it
 * over only if the process named in it is gone or does not have it open. The file appears complete, by link(2), so if
 * two processes start together, only one gets it.
 */

import { link, open, readdir, readFile, rename, stat, unlink } from "node:fs/promises";
import process from "node:process";
import { StartupError } from "../errors.ts";
import { checkDirectoryOf, checkPidPath } from "./file_checks.ts";
import type { HeldPidFile, PidFile } from "./service.ts";
import { absolute, fault, heldBy, PID_MODE } from "./service_files.ts";

/** `Service.claimPidFile`. */
export async function claimPidFile(path: string): Promise<PidFile> {
  const absolutePath = absolute(path);
  const own = `${absolutePath}.${process.pid}`;
  await checkPidPath(path);
  try {
    // A file of an earlier process with this number no longer has an owner.
    await unlink(own).catch(() => {});
    const file = await open(own, "wx", PID_MODE);
    try {
      await file.write(`${process.pid}\n`);
      await putInPlace(own, absolutePath, path);
    } catch (error) {
      await file.close();
      throw error;
    } finally {
      await unlink(own).catch(() => {});
    }
    return {
      async release() {
        const current = await isOpenHere(absolutePath, file.stat());
        if (current) await unlink(absolutePath).catch(() => {});
        await file.close().catch(() => {});
      },
    };
  } catch (error) {
    throw fault(`--pidfile ${path}`, error);
  }
}

/** `Service.checkPidFile`. */
export async function checkPidFile(path: string): Promise<HeldPidFile | undefined> {
  await checkPidPath(path);
  await checkDirectoryOf(path);
  const holder = await holderOf(absolute(path));
  return holder === undefined ? undefined : { refusal: heldBy(path, holder) };
}

async function putInPlace(own: string, absolutePath: string, path: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      return await link(own, absolutePath);
    } catch (error) {
      if ((error as { code?: string }).code !== "EEXIST") throw error;
    }
    const holder = await holderOf(absolutePath);
    if (holder !== undefined) throw heldBy(path, holder);
    await moveAway(absolutePath, `${own}.old`);
  }
  throw new StartupError(`${path}: the pidfile is being replaced concurrently, giving up`);
}

/** Removes a file without a holder, unless another process has replaced it in the meantime. */
async function moveAway(absolutePath: string, aside: string): Promise<void> {
  try {
    await rename(absolutePath, aside);
    if (await holderOf(aside) !== undefined) await link(aside, absolutePath);
    await unlink(aside);
  } catch {
    // Another process was faster; the next attempt shows what is there now.
  }
}

/** The process that has written the file and still has it open, as far as this process can see. */
async function holderOf(absolutePath: string): Promise<number | undefined> {
  const pid = Number(await readFile(absolutePath, "utf8").catch(() => ""));
  // A file with our own number was written by an earlier process, usually in a container.
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid || !isAlive(pid)) return undefined;
  try {
    const descriptors = await readdir(`/proc/${pid}/fd`);
    const target = await stat(absolutePath);
    for (const name of descriptors) {
      if (await isOpenHere(`/proc/${pid}/fd/${name}`, target)) return pid;
    }
    return undefined;
  } catch {
    return pid; // Another user's process, or not Linux.
  }
}

async function isOpenHere(
  path: string,
  wanted: Identity | Promise<Identity>,
): Promise<boolean> {
  try {
    const [found, { dev, ino }] = await Promise.all([stat(path), wanted]);
    return found.dev === dev && found.ino === ino;
  } catch {
    return false;
  }
}

interface Identity {
  readonly dev: number;
  readonly ino: number;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

const ATTEMPTS = 10;
