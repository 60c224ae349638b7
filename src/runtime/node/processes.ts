/**
 * This process and its children under Node: workers of node:cluster, so that they can share ports; signals; standard
 * streams.
 */

import { execFile } from "node:child_process";
import cluster from "node:cluster";
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import process from "node:process";
import { Readable, type Writable } from "node:stream";
import { StartupError } from "../../errors.ts";
import { takeHeldSignal } from "../held_signals.ts";
import { quietArguments } from "./signals.ts";
import type { ChildProcess, ProcessEnd, Processes, StandardStream } from "../runtime.ts";

/** How this program is started again as a worker. */
export interface WorkerProgram {
  /** The arguments that make it a worker. */
  readonly workerArguments: readonly string[];
}

/** Makes the processes part of a Node runtime. Workers inherit the descriptors. */
export function createNodeProcesses(
  program: WorkerProgram,
  descriptors: readonly number[] = [],
): Processes {
  outliveSupervisor();
  return {
    args: process.argv.slice(2),
    programName: basename(process.argv[1] ?? process.execPath, ".js"),
    pid: process.pid,
    uid: process.getuid?.(),
    cpus: availableParallelism(),
    get onTerminal() {
      return process.stdout.isTTY === true;
    },
    get stdin() {
      return bytesFrom(process.stdin);
    },
    write,
    startWorker: () => startWorker(program, descriptors),
    capture,
    onSignal(name, handler) {
      if (!takeHeldSignal(name, handler)) process.on(name, handler);
    },
    onUncaught(handler) {
      process.on("uncaughtException", handler);
      process.on("unhandledRejection", handler);
    },
    exit: (code) => process.exit(code),
    openDatagram() {
      throw new StartupError("Node has no unix datagram sockets; stud's executable has");
    },
  };
}

/** A worker of node:cluster would exit immediately when its supervisor is gone; ours drains first. */
function outliveSupervisor(): void {
  if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
}

function startWorker(
  { workerArguments }: WorkerProgram,
  descriptors: readonly number[],
): ChildProcess {
  try {
    // Workers accept connections themselves; the supervisor handles no traffic.
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    cluster.setupPrimary({
      args: [...workerArguments],
      execArgv: [...V8_FLAGS, ...quietArguments(), ...process.execArgv],
      stdio: ["pipe", "pipe", "pipe", "ipc", ...descriptors],
    } as object);
    const { process: child } = cluster.fork(ENVIRONMENT);
    if (child.pid === undefined) throw new Error("no process");
    child.on("error", () => {}); // Its end is reported anyway.
    return {
      pid: child.pid,
      control: bytesTo(child.stdin!),
      output: bytesFrom(child.stdout!),
      errors: bytesFrom(child.stderr!),
      ended: new Promise<ProcessEnd>((resolve) => {
        child.on("exit", (code, signal) => resolve({ code: code ?? 128, signal }));
      }),
      kill: () => void child.kill("SIGKILL"),
    };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new StartupError(`cannot start a worker process: ${text}`, { cause: error });
  }
}

function bytesFrom(stream: Readable): ReadableStream<Uint8Array> {
  return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
}

/**
 * `Writable.toWeb()` resolves a write when it is queued; the writer would then overwrite bytes that are not sent yet.
 */
function bytesTo(stream: Writable): WritableStream<Uint8Array> {
  stream.on("error", () => {}); // The writer gets the error.
  return new WritableStream({
    write: (bytes) =>
      new Promise((resolve, reject) => {
        stream.write(bytes, (error) => error ? reject(error) : resolve());
      }),
    close: () => void stream.end(),
    abort: () => void stream.destroy(),
  });
}

/** Resolves when the bytes have been handed over; a stalled reader delays code that waits for that. */
function write(stream: StandardStream, bytes: Uint8Array): Promise<void> {
  const target = stream === "stdout" ? process.stdout : process.stderr;
  // The writer gets the error; without a listener the event would be an uncaught error.
  if (target.listenerCount("error") === 0) target.on("error", () => {});
  return new Promise((resolve, reject) => {
    target.write(bytes, (error) => error ? reject(error) : resolve());
  });
}

function capture(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, [...args], { encoding: "utf8" }, (error, output) => {
      // An exit status is an answer; a missing program is not.
      resolve(typeof error?.code === "string" ? undefined : output);
    });
  });
}

/**
 * The young generation of a worker's heap is small: a worker's objects either die at once or live as long as their
 * connection, so a large one costs memory and saves nothing (docs/performance.md). A worker requests collections itself
 * when many clients have left (proxy/departures.ts).
 */
const V8_FLAGS = ["--max-semi-space-size=2", "--expose-gc"];

/** For the C library (mallopt(3)): large blocks return to the system as soon as they are free. */
const ENVIRONMENT = { MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_TRIM_THRESHOLD_: "262144" };
