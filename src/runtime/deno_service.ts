/**
 * The service part of a Deno runtime. What Deno lacks comes from the C library, on Linux only. Node's modules
 * are loaded when they are needed: workers, which need none of them, would hold a megabyte more.
 */

import { joinStarter, startDaemon } from "./background.ts";
import { programArguments } from "./deno_processes.ts";
import {
  closeDescriptor,
  monotonicMicroseconds,
  openLocked,
  sendDatagram,
} from "./linux_service.ts";
import type { PidFile, Service } from "./service.ts";
import {
  absolute,
  fault,
  goToRoot,
  heldBy,
  openLog,
  PID_MODE,
  writeText,
} from "./service_files.ts";

/** Makes the service part of a Deno runtime; `entry` as for workers. */
export function createDenoService(program: { readonly entry: string }): Service {
  return {
    absolute,
    openLog,
    writeText,
    async claimPidFile(path) {
      if (Deno.build.os === "linux") return claimByLock(path);
      const { claimPidFile } = await import("./pid_file.ts");
      return await claimPidFile(path);
    },
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
    async listeningAddress(descriptor) {
      const { listeningAddress } = await import("./listening_sockets.ts");
      return listeningAddress(descriptor);
    },
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
function claimByLock(path: string): PidFile {
  const place = absolute(path);
  try {
    for (;;) {
      const descriptor = openLocked(place, PID_MODE);
      if (descriptor === undefined) throw heldBy(path, writtenIn(place));
      const file = `/proc/self/fd/${descriptor}`;
      // The one before may have removed it between our opening and our locking.
      if (isSame(place, file)) {
        Deno.writeTextFileSync(file, `${Deno.pid}\n`);
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
        if (isSame(place, `/proc/self/fd/${descriptor}`)) Deno.removeSync(place);
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
    return Number(Deno.readTextFileSync(place)) || undefined;
  } catch {
    return undefined;
  }
}

function isSame(path: string, other: string): boolean {
  try {
    const [one, two] = [Deno.statSync(path), Deno.statSync(other)];
    return one.dev === two.dev && one.ino === two.ino;
  } catch {
    return false;
  }
}
