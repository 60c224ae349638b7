/**
 * The service part of a Deno runtime. What Deno lacks comes from the C library, on Linux only; elsewhere, and
 * where foreign functions are not allowed, stud does without or says so.
 */

import { readFileSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import process from "node:process";
import { joinStarter, startDaemon } from "./background.ts";
import { programArguments } from "./deno_processes.ts";
import {
  closeDescriptor,
  monotonicMicroseconds,
  openLocked,
  sendDatagram,
} from "./linux_service.ts";
import { listeningAddress } from "./listening_sockets.ts";
import { claimPidFile, heldBy, PID_MODE } from "./pid_file.ts";
import type { PidFile, Service } from "./service.ts";
import { absolute, fault, goToRoot, openLog, writeText } from "./service_files.ts";

/** Makes the service part of a Deno runtime; `entry` as for workers. */
export function createDenoService(program: { readonly entry: string }): Service {
  return {
    absolute,
    openLog,
    writeText,
    claimPidFile: (path) => Deno.build.os === "linux" ? claimByLock(path) : claimPidFile(path),
    takeVariable(name) {
      const value = Deno.env.get(name);
      Deno.env.delete(name);
      return value;
    },
    startDaemon: (handover) =>
      startDaemon(handover, (variables) => {
        const child = new Deno.Command(Deno.execPath(), {
          args: [...programArguments(program.entry), ...Deno.args],
          env: variables,
          detached: true,
          stdin: "null",
          stdout: "null",
          stderr: "null",
        }).spawn();
        return {
          ended: child.status.then(({ code, signal }) => ({ code, signal })),
          stop: () => stop(child),
        };
      }),
    joinStarter: () => joinStarter(goToRoot),
    // deno-lint-ignore require-await -- what it throws is to be a rejection
    notify: async (socket, text) => sendDatagram(socket, text),
    monotonicMicroseconds,
    // deno-lint-ignore require-await -- likewise
    listeningAddress: async (descriptor) => listeningAddress(descriptor),
    // Whatever is not marked for closing is inherited anyway.
    shareWithWorkers() {},
  };
}

function stop(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGTERM");
  } catch {
    // It has already ended.
  }
}

/** By flock(2), which ends with the process, however that ends. */
// deno-lint-ignore require-await -- what it throws is to be a rejection
async function claimByLock(path: string): Promise<PidFile> {
  const place = absolute(path);
  try {
    for (;;) {
      const descriptor = openLocked(place, PID_MODE);
      if (descriptor === undefined) throw heldBy(path, writtenIn(place));
      const file = `/proc/self/fd/${descriptor}`;
      // The one before may have removed it between our opening and our locking.
      if (isSame(place, file)) {
        writeFileSync(file, `${process.pid}\n`);
        return release(place, descriptor);
      }
      closeDescriptor(descriptor);
    }
  } catch (error) {
    throw fault(path, error);
  }
}

function release(place: string, descriptor: number): PidFile {
  return {
    release() {
      try {
        if (isSame(place, `/proc/self/fd/${descriptor}`)) unlinkSync(place);
      } catch {
        // Its directory is gone, or not ours any more.
      }
      closeDescriptor(descriptor);
      return Promise.resolve();
    },
  };
}

function writtenIn(place: string): number | undefined {
  try {
    return Number(readFileSync(place, "latin1")) || undefined;
  } catch {
    return undefined;
  }
}

function isSame(path: string, other: string): boolean {
  try {
    const [one, two] = [statSync(path), statSync(other)];
    return one.dev === two.dev && one.ino === two.ino;
  } catch {
    return false;
  }
}
