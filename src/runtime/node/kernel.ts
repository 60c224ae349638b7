/**
 * What Linux offers without system calls of our own: /proc, and the identity of this process. What Node cannot do is
 * refused with a message that names what can.
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import { StartupError } from "../../errors.ts";
import { collectGarbage } from "../collect_garbage.ts";
import { MAX_WAITING } from "./network.ts";
import type { Kernel, Privileges } from "../runtime.ts";

/** Makes the interface to the kernel. Linux only. */
export function openNodeKernel(): Kernel {
  return {
    // Sockets get these options when they begin to listen.
    tuneListener() {},
    steer() {
      throw new StartupError(
        "--steer-by-client: not possible under Node; stud's executable can do it",
      );
    },
    listeners: () => [],
    acceptSilent() {},
    ignoreNewConnections() {},
    dropPrivileges,
    pinToCpu: () => undefined,
    // A worker's environment sets this instead.
    returnMemory() {},
    // Workers are started with V8's --expose-gc.
    releaseMemory: () => (globalThis as { gc?: () => void }).gc?.(),
    compactMemory: collectGarbage,
    raiseDescriptorLimit,
  };
}

function dropPrivileges({ chroot, uid, gid }: Privileges): void {
  if (chroot !== undefined) {
    throw new StartupError("--chroot: not possible under Node; stud's executable can do it");
  }
  if (uid === undefined && gid === undefined) return;
  try {
    process.setgroups!([]);
    if (gid !== undefined) process.setgid!(gid);
    if (uid !== undefined) process.setuid!(uid);
  } catch (error) {
    const { message } = error as Error;
    throw new StartupError(`--user, --group: cannot change them: ${message}`, { cause: error });
  }
}

/** Node has raised it at its start; some descriptors are kept for clients that wait to be served. */
function raiseDescriptorLimit(): number {
  const line = limits().find((text) => text.startsWith("Max open files"));
  const soft = Number(line?.trim().split(/\s{2,}/)[1]);
  return Number.isFinite(soft) ? Math.max(1, soft - MAX_WAITING) : 0;
}

function limits(): string[] {
  try {
    return readFileSync("/proc/self/limits", "latin1").split("\n");
  } catch {
    return [];
  }
}
