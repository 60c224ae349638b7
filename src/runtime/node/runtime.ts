/**
 * The platform under Node. Composes the parts in this folder into a {@linkcode Runtime}. It has no policy: deadlines,
 * retries and log lines belong to the callers. In the npm package it replaces deno/runtime.ts.
 */

import { closeSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { chmod, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import process from "node:process";
import { StartupError } from "../../errors.ts";
import { limitFor, readUpTo, readWhole } from "../bounded_files.ts";
import { clock } from "../clock.ts";
import { filesOn, mayBeFile } from "../file_system.ts";
import { codeOf } from "./facts.ts";
import { openNodeKernel } from "./kernel.ts";
import { createNodeNetwork } from "./network.ts";
import { createNodeProcesses, type WorkerProgram } from "./processes.ts";
import { createNodeService } from "./service.ts";
import { openNodeTls } from "./tls.ts";
import type { FileStatus, Kernel, ReadFile, Runtime } from "../runtime.ts";
import { rootedFiles } from "../rooted_files.ts";

/** What a process needs from the platform. `ownsLoop` changes nothing here, where Node's own loop is the only one. */
export interface RuntimeOptions extends WorkerProgram {
  readonly ownsLoop?: boolean;
}

/** Makes the platform interface for a program under Node. */
export function createRuntime(program: RuntimeOptions): Runtime {
  let kernel: Kernel | undefined;
  const descriptors: number[] = [];
  const platform = process.platform === "win32" ? "windows" : process.platform;
  return {
    platform,
    version: `Node ${process.versions.node}`,
    tlsLibraries: ["node"],
    network: createNodeNetwork(),
    files: rootedFiles(filesOn({ status, read, readNow, list, replace, reasonOf })),
    processes: createNodeProcesses(program, descriptors),
    service: createNodeService(descriptors),
    clock,
    get kernel() {
      if (platform === "linux") kernel ??= openNodeKernel();
      return kernel;
    },
    openOpenSsl() {
      throw new StartupError("Node uses the OpenSSL it was built with, not this machine's");
    },
    openStreamTls: openNodeTls,
    variable: (name) => process.env[name],
  };
}

async function status(path: string): Promise<FileStatus> {
  return statusFrom(await stat(path));
}

function statusFrom(found: Stats): FileStatus {
  const { dev, ino, size, mode, mtimeMs } = found;
  return {
    stamp: [dev, ino, size, mtimeMs].join(" "),
    mode: process.platform === "win32" ? undefined : mode & 0o7777,
    ...{ isDirectory: found.isDirectory(), isNamedPipe: found.isFIFO() },
    ...{ isFile: found.isFile(), isDevice: found.isCharacterDevice(), size },
  };
}

async function read(
  path: string,
  wanted: number | undefined,
  known: FileStatus | undefined,
  isEnough?: (bytes: Uint8Array) => boolean,
): Promise<Uint8Array> {
  const limit = limitFor({ path, ...known ?? await status(path) }, wanted);
  const file = await open(path);
  try {
    return await readUpTo(limit, async (into) => (await file.read(into)).bytesRead, isEnough);
  } finally {
    await file.close();
  }
}

function readNow(path: string, into: Uint8Array<ArrayBuffer>): ReadFile | undefined {
  const status = statusFrom(statSync(path));
  if (!status.isFile) return undefined;
  const file = openSync(path, "r");
  try {
    const bytes = readWhole(status.size, into, (part) => readSync(file, part));
    return bytes && { status, bytes };
  } finally {
    closeSync(file);
  }
}

async function replace(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}`;
  try {
    await writeFile(temporary, bytes, { flag: "wx", mode });
    // `open` has applied the process's umask to the mode.
    await chmod(temporary, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

async function list(directory: string): Promise<string[] | undefined> {
  const names: string[] = [];
  try {
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      const linked = async () => (await stat(`${directory}/${entry.name}`)).isFile();
      const mayBe = entry.isFile() || entry.isSymbolicLink() && await mayBeFile(linked);
      if (mayBe) names.push(entry.name);
    }
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
  return names;
}

function reasonOf(error: unknown): string {
  return FAULTS[codeOf(error) ?? ""] ?? (error as Error).message;
}

/** By errno(3), in the words that stud uses on every platform. */
const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "is a directory, not a file",
  ENOTDIR: "not a directory",
  ELOOP: "is a symbolic link to itself",
};
