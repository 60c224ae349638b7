/**
 * The platform under Deno. Composes the parts in this folder into a {@linkcode Runtime}. It has no policy: deadlines,
 * retries and log lines belong to the callers.
 */

import type { FileStatus, Kernel, ReadFile, Runtime } from "../runtime.ts";
import { StartupError } from "../../errors.ts";
import { checkedLength, limitFor, readUpTo, readWhole } from "../bounded_files.ts";
import { clock } from "../clock.ts";
import { filesOn, mayBeFile } from "../file_system.ts";
import { createDenoNetwork } from "./network.ts";
import { createDenoProcesses, standardBytes, type WorkerProgram } from "./processes.ts";
import { createDenoService } from "./service.ts";
import { openLinuxKernel } from "../linux/kernel.ts";
import { createLoopNetwork } from "../loop/loop_network.ts";
import { loopPipes } from "../loop/loop_pipes.ts";
import { WorkerLoop } from "../loop/worker_loop.ts";
import { openOpenSsl } from "../openssl/library.ts";
import { rootedFiles } from "../rooted_files.ts";

/** What a process needs from the platform. */
export interface RuntimeOptions extends Pick<WorkerProgram, "workerArguments"> {
  /**
   * The process belongs to stud alone, so its sockets may use an event loop that the runtime's own timers do not wake
   * (loop/event_loop.ts). It is used where it works: on Linux.
   */
  readonly ownsLoop?: boolean;
}

/**
 * Makes the platform interface for a program under `deno run` or from `deno compile`. A worker is the same program with
 * these arguments.
 */
export function createRuntime(
  { workerArguments, ownsLoop = false }: RuntimeOptions,
): Runtime {
  let kernel: Kernel | undefined;
  let opened = false;
  const worker = { entry: new URL("../../worker_entry.ts", import.meta.url).href, workerArguments };
  const program = {
    // Evaluated only when stud goes to the background: it may need a permission that a library does not have.
    get entry() {
      return Deno.mainModule;
    },
  };
  const loop = ownsLoop && Deno.build.os === "linux" ? new WorkerLoop(clock) : undefined;
  const network = createDenoNetwork();
  return {
    version: `Deno ${Deno.version.deno}`,
    platform: Deno.build.os,
    network: loop === undefined ? network : createLoopNetwork(() => loop.begin(), network),
    files: rootedFiles(filesOn({ status, read, readNow, list, replace, reasonOf })),
    processes: createDenoProcesses(worker, loop && loopPipes(loop, standardBytes)),
    service: createDenoService(program),
    clock: loop ?? clock,
    // The table in docs/architecture.md explains the order.
    tlsLibraries: Deno.build.os === "linux" ? ["openssl", "rustls"] : ["rustls", "openssl"],
    get kernel() {
      // Opened on first use: a supervisor never opens it, so no foreign code can crash it.
      if (!opened && Deno.build.os === "linux") kernel = openLinuxKernel();
      opened = true;
      return kernel;
    },
    openOpenSsl() {
      if (Deno.build.os !== "linux") {
        throw new StartupError(`the OpenSSL engine: only on Linux, this is ${Deno.build.os}`);
      }
      return openOpenSsl();
    },
    openStreamTls() {
      throw new StartupError("the TLS engine of Node: only in the npm package under Node");
    },
    variable(name) {
      // A library must not make Deno ask the program's user for a permission.
      const { state } = Deno.permissions.querySync({ name: "env", variable: name });
      return state === "granted" ? Deno.env.get(name) : undefined;
    },
  };
}

async function status(path: string): Promise<FileStatus> {
  return statusFrom(await Deno.stat(path));
}

function statusFrom(
  { dev, ino, mtime, mode, size, isDirectory, isFile }: Deno.FileInfo,
): FileStatus {
  // Deno 2.4's `isFifo` is never true.
  const type = (mode ?? 0) & FILE_TYPE;
  return {
    stamp: [dev, ino, size, mtime?.getTime()].join(" "),
    mode: mode === null ? undefined : mode & 0o7777,
    ...{ isDirectory, isNamedPipe: type === NAMED_PIPE, isDevice: type === DEVICE },
    ...{ isFile, size },
  };
}

async function read(
  path: string,
  wanted: number | undefined,
  known: FileStatus | undefined,
  isEnough?: (bytes: Uint8Array) => boolean,
): Promise<Uint8Array> {
  const found = known ?? await status(path);
  const limit = limitFor({ path, ...found }, wanted);
  const { isFile, size } = found;
  // One call instead of four, for ten thousand files. Those of /proc are of no known size, and may have no end.
  if (isFile && size > 0 && isEnough === undefined) {
    return checkedLength(await Deno.readFile(path), limit);
  }
  using file = await Deno.open(path);
  return await readUpTo(limit, (into) => file.read(into), isEnough);
}

function readNow(path: string, into: Uint8Array<ArrayBuffer>): ReadFile | undefined {
  const status = statusFrom(Deno.statSync(path));
  if (!status.isFile) return undefined;
  using file = Deno.openSync(path);
  const bytes = readWhole(status.size, into, (part) => file.readSync(part));
  return bytes && { status, bytes };
}

/** S_IFMT, S_IFIFO and S_IFCHR of inode(7). */
const FILE_TYPE = 0o170000;
const NAMED_PIPE = 0o010000;
const DEVICE = 0o020000;

async function replace(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}`;
  try {
    await Deno.writeFile(temporary, bytes, { createNew: true, mode });
    // `open` has applied the process's umask to the mode.
    if (Deno.build.os !== "windows") await Deno.chmod(temporary, mode);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

async function list(directory: string): Promise<string[] | undefined> {
  const names: string[] = [];
  try {
    for await (const { name, isFile, isSymlink } of Deno.readDir(directory)) {
      const linked = async () => (await Deno.stat(`${directory}/${name}`)).isFile;
      if (isFile || isSymlink && await mayBeFile(linked)) names.push(name);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return names;
}

const LINK_LOOP = "is a symbolic link to itself";

/** Deno's messages repeat the path and an errno; operators need neither. */
function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) {
    return "Deno was not allowed to use it (--allow-read, --allow-write)";
  }
  if (error instanceof Deno.errors.IsADirectory) return "is a directory, not a file";
  if (error instanceof Deno.errors.NotADirectory) return "not a directory";
  const text = error instanceof Error ? error.message : String(error);
  if (/too many levels of symbolic links/i.test(text)) return LINK_LOOP;
  return /is a directory/i.test(text) ? "is a directory, not a file" : text;
}
