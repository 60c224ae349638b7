/**
 * The service part of a Deno runtime. On Linux, the C library does what Deno cannot. Node's modules are loaded when
 * they are needed: the first takes 10 ms, and each takes a megabyte or more.
 */

import { programArguments, spawnEarly } from "./processes.ts";
import {
  closeDescriptor,
  isLocked,
  monotonicMicroseconds,
  openLocked,
  sendDatagram,
} from "../linux/service.ts";
import { below, fromOrigin } from "../rooted_files.ts";
import { type HeldPidFile, type PidFile, type Service, STARTER_VARIABLE } from "../service.ts";

/** Makes the service part of a Deno runtime; `entry` is the module that this process runs. */
export function createDenoService(program: { readonly entry: string }): Service {
  return {
    absolute,
    async kindOf(path) {
      const { kindOf } = await import("../service_files.ts");
      return await kindOf(path);
    },
    async openTerminal() {
      const { openTerminal } = await import("../terminal.ts");
      return await openTerminal();
    },
    async openLog(path) {
      const { openLog } = await import("../service_files.ts");
      return await openLog(path);
    },
    async checkLog(path) {
      const { checkLog } = await import("../file_checks.ts");
      await checkLog(path);
    },
    async writeText(path, text) {
      const { writeText } = await import("../service_files.ts");
      await writeText(path, text);
    },
    async claimPidFile(path) {
      if (Deno.build.os === "linux") return await claimByLock(path);
      const { claimPidFile } = await import("../pid_file.ts");
      return await claimPidFile(path);
    },
    async checkPidFile(path) {
      if (Deno.build.os === "linux") return await checkLock(path);
      const { checkPidFile } = await import("../pid_file.ts");
      return await checkPidFile(path);
    },
    takeVariable(name) {
      const value = Deno.env.get(name);
      Deno.env.delete(name);
      return value;
    },
    async startDaemon(handover) {
      const { startDaemon } = await import("../background.ts");
      return await startDaemon(handover, (variables) => spawnDetached(program.entry, variables));
    },
    async joinStarter() {
      if (!Deno.env.has(STARTER_VARIABLE)) return undefined;
      const { joinStarter } = await import("../background.ts");
      const { goToRoot } = await import("../service_files.ts");
      return await joinStarter(goToRoot);
    },
    // deno-lint-ignore require-await -- what it throws is to be a rejection
    notify: async (socket, text) => sendDatagram(socket, text),
    monotonicMicroseconds,
    async listeningAddress(descriptor) {
      const { listeningAddress } = await import("../passed_listeners.ts");
      return listeningAddress(descriptor);
    },
    // Descriptors that are not marked close-on-exec are inherited anyway.
    shareWithWorkers() {},
  };
}

/** The same program with the same arguments, in a session of its own. */
function spawnDetached(entry: string, variables: Readonly<Record<string, string>>) {
  const child = spawnEarly(
    new Deno.Command(Deno.execPath(), {
      args: [...programArguments(entry), ...Deno.args],
      env: variables,
      detached: true,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }),
  );
  return {
    ended: child.status.then(({ code, signal }) => ({ code, signal })),
    stop: () => stop(child),
  };
}

function stop(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGTERM");
  } catch {
    // It has already ended.
  }
}

function absolute(path: string): string {
  return below(Deno.cwd(), fromOrigin(path));
}

/** Claims it with flock(2), a lock that ends with the process, even if the process crashes. */
async function claimByLock(path: string): Promise<PidFile> {
  const { fault, heldBy, PID_MODE } = await import("../service_files.ts");
  const { checkPidPath } = await import("../file_checks.ts");
  await checkPidPath(path);
  const absolutePath = absolute(path);
  try {
    for (;;) {
      const descriptor = openLocked(absolutePath, PID_MODE);
      if (descriptor === undefined) throw heldBy(path, writtenIn(absolutePath));
      const file = `/proc/self/fd/${descriptor}`;
      // The previous owner may have removed it between our open and our lock.
      if (isSame(absolutePath, file)) {
        Deno.writeTextFileSync(file, `${Deno.pid}\n`);
        return release(absolutePath, descriptor);
      }
      closeDescriptor(descriptor);
    }
  } catch (error) {
    throw fault(`--pidfile ${path}`, error);
  }
}

async function checkLock(path: string): Promise<HeldPidFile | undefined> {
  const { heldBy } = await import("../service_files.ts");
  const { checkPidPath, checkReadWrite } = await import("../file_checks.ts");
  await checkPidPath(path);
  await checkReadWrite(path);
  const absolutePath = absolute(path);
  return isLocked(absolutePath) ? { refusal: heldBy(path, writtenIn(absolutePath)) } : undefined;
}

function release(absolutePath: string, descriptor: number): PidFile {
  return {
    release() {
      try {
        if (isSame(absolutePath, `/proc/self/fd/${descriptor}`)) Deno.removeSync(absolutePath);
      } catch {
        // Its directory is gone or no longer ours.
      }
      closeDescriptor(descriptor);
      return Promise.resolve();
    },
  };
}

function writtenIn(absolutePath: string): number | undefined {
  try {
    return Number(Deno.readTextFileSync(absolutePath)) || undefined;
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
