/**
 * The service part of a Node runtime. Node has neither flock(2) nor unix datagram sockets. So a pidfile's owner is
 * found by which process has it open, and systemd-notify(1) sends messages to the service manager.
 */

import { execFile, spawn } from "node:child_process";
import process from "node:process";
import { joinStarter, startDaemon } from "../background.ts";
import { listeningAddress } from "../passed_listeners.ts";
import { checkLog } from "../file_checks.ts";
import { checkPidFile, claimPidFile } from "../pid_file.ts";
import type { Service } from "../service.ts";
import { absolute, goToRoot, kindOf, openLog, writeText } from "../service_files.ts";
import { openTerminal } from "../terminal.ts";

/** Makes the service part of a Node runtime. Workers inherit the descriptors added to `descriptors`. */
export function createNodeService(descriptors: number[]): Service {
  return {
    absolute,
    kindOf,
    openTerminal,
    openLog,
    checkLog,
    writeText,
    claimPidFile,
    checkPidFile,
    takeVariable(name) {
      const value = process.env[name];
      delete process.env[name];
      return value;
    },
    startDaemon: (handover) => startDaemon(handover, spawnDetached),
    joinStarter: () => joinStarter(goToRoot),
    notify,
    monotonicMicroseconds: () => process.hrtime.bigint() / 1000n,
    // deno-lint-ignore require-await -- what it throws is to be a rejection
    listeningAddress: async (descriptor) => listeningAddress(descriptor),
    shareWithWorkers: (shared) => void descriptors.push(...shared),
  };
}

function spawnDetached(variables: Record<string, string>) {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env: { ...process.env, ...variables },
    detached: true,
    stdio: "ignore",
  });
  const ended = new Promise<{ code: number; signal: string | null }>((resolve) => {
    child.on("exit", (code, signal) => resolve({ code: code ?? 128, signal }));
    child.on("error", () => resolve({ code: 127, signal: null }));
  });
  return { ended, stop: () => void child.kill("SIGTERM") };
}

function notify(socket: string, text: string): Promise<void> {
  const options = { env: { ...process.env, NOTIFY_SOCKET: socket }, timeout: NOTIFY_LIMIT };
  return new Promise((resolve, reject) => {
    execFile("systemd-notify", text.split("\n"), options, (error, _, complaint) => {
      if (error === null) return resolve();
      const missing = error.code === "ENOENT" as unknown;
      reject(
        new Error(
          missing
            ? "Node has no unix datagram sockets and systemd-notify(1) is not installed; use " +
              "Type=exec without a watchdog, or stud's executable"
            : error.killed
            ? "no answer within a second"
            : complaint.trim() || error.message,
        ),
      );
    });
  });
}

/** Milliseconds. */
const NOTIFY_LIMIT = 1_000;
