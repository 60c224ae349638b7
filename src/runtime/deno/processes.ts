/**
 * This process and its children under Deno: workers started from the same program, signals, standard
 * streams.
 */

import { StartupError } from "../../errors.ts";
import { startingQuietly } from "./signals.ts";
import { takeHeldSignal } from "../held_signals.ts";
import { hideMemory, limitChildren } from "../linux/sandbox.ts";
import { sendDatagram } from "../linux/service.ts";
import type {
  ChildProcess,
  DatagramSender,
  OtherProcesses,
  Processes,
  StandardStream,
  WorkerStart,
} from "../runtime.ts";
import { MANAGER_VARIABLES, neededVariables } from "./worker_environment.ts";

/** How this program is started again as a worker. */
export interface WorkerProgram {
  /** URL of the module that a worker process runs, where the program is not a compiled executable. */
  readonly entry: string;
  /** The arguments that make it a worker. */
  readonly workerArguments: readonly string[];
}

/** Standard input and output that bypass Deno's own. */
export interface StandardPipes {
  readonly stdin: ReadableStream<Uint8Array>;
  /** Writes all of it to standard output. Rejects when the reader is gone. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Standard input and output, one read and one write at a time. */
export interface StandardBytes {
  /** The next bytes, or null at the end. */
  read(): Promise<Uint8Array | null>;
  /** Writes all of it. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Deno's own. */
export const standardBytes: StandardBytes = {
  async read() {
    const space = new Uint8Array(READ_BYTES);
    const length = await Deno.stdin.read(space);
    return length === null ? null : space.subarray(0, length);
  },
  write: (bytes) => write("stdout", bytes),
};

/** Makes the processes part of a Deno runtime. `pipes`, if given, replace Deno's standard input and output. */
export function createDenoProcesses(program: WorkerProgram, pipes?: StandardPipes): Processes {
  const expected: ExpectedWorker[] = [];
  return {
    args: Deno.args,
    get programName() {
      return baseName(calledBy());
    },
    pid: Deno.pid,
    uid: Deno.uid() ?? undefined,
    cpus: navigator.hardwareConcurrency,
    get onTerminal() {
      return Deno.stdout.isTerminal();
    },
    get stdin() {
      return pipes?.stdin ?? Deno.stdin.readable;
    },
    write(stream, bytes) {
      return stream === "stdout" && pipes !== undefined ? pipes.write(bytes) : write(stream, bytes);
    },
    startWorker: ({ wholeEnvironment = false } = {}) =>
      takeExpected(expected, wholeEnvironment) ?? startWorker(program, wholeEnvironment),
    expectWorkers(count, { wholeEnvironment = false } = {}) {
      try {
        while (expected.length < count) {
          const child = startWorker(program, wholeEnvironment, spawnEarly);
          expected.push({ child, wholeEnvironment });
        }
      } catch {
        // The code that needs a worker tries again later and gets the error.
      }
    },
    ...Deno.build.os === "linux" && {
      hideMemory: () => void hideMemory(true),
      limitWorkers: limitChildren,
    },
    capture,
    onSignal(name, handler) {
      if (takeHeldSignal(name, handler)) return;
      // Windows has neither SIGTERM nor SIGHUP, only Ctrl-C.
      if (Deno.build.os === "windows" && name !== "SIGINT") return;
      Deno.addSignalListener(name, handler);
    },
    onUncaught(handler) {
      globalThis.addEventListener("unhandledrejection", (event) => {
        event.preventDefault();
        handler(event.reason);
      });
      globalThis.addEventListener("error", (event) => {
        event.preventDefault();
        handler(event.error);
      });
    },
    others: Deno.build.os === "linux" ? OTHERS : undefined,
    exit: Deno.exit,
    openDatagram,
  };
}

/** `Deno.execPath()` is the target of a symbolic link. */
function calledBy(): string {
  try {
    return Deno.readTextFileSync("/proc/self/cmdline").split("\0")[0] || Deno.execPath();
  } catch {
    return Deno.execPath();
  }
}

function baseName(path: string): string {
  return path.split(/[/\\]/).at(-1)!;
}

/** The arguments before this program's own; none for a compiled executable, which is the program itself. */
export function programArguments(entry: string): string[] {
  return Deno.build.standalone ? [] : [...RUN, entry];
}

/** The operator's flags come last, so they win. */
function workerV8Flags(): string {
  return [V8_FLAGS, Deno.env.get("DENO_V8_FLAGS") ?? ""].filter(Boolean).join(",");
}

/** A worker gets the part of this process's environment that it needs, or all except the supervisor's own variables. */
function workerEnvironment(whole: boolean): Record<string, string> {
  const environment = Deno.env.toObject();
  for (const name of MANAGER_VARIABLES) delete environment[name];
  return {
    ...whole ? environment : neededVariables(environment),
    // Otherwise every process of `deno run` asks a server for newer versions.
    DENO_NO_UPDATE_CHECK: "1",
    DENO_V8_FLAGS: workerV8Flags(),
  };
}

/**
 * Starts a process of this program that SIGHUP cannot end before it listens for it. For a supervisor that has not read
 * anything yet.
 */
export function spawnEarly(command: Deno.Command): Deno.ChildProcess {
  return startingQuietly(() => command.spawn(), { early: true });
}

/** A process that was started in advance, and its options. */
interface ExpectedWorker extends Required<WorkerStart> {
  readonly child: ChildProcess;
}

/** Returns the next of them that has the wanted environment, and ends those that do not. */
function takeExpected(expected: ExpectedWorker[], whole: boolean): ChildProcess | undefined {
  for (let next = expected.shift(); next !== undefined; next = expected.shift()) {
    if (next.wholeEnvironment === whole) return next.child;
    next.child.kill();
  }
}

/**
 * The path to start for a program that runs from this file. If the file has been replaced or removed, Linux adds a word
 * to its path (proc_pid_exe(5)). The kernel can still start it, but only through the link that it keeps. An executable
 * of `deno compile` looks for its own code by path, so it cannot be started. Throws {@linkcode StartupError}.
 */
export function ownFile(path: string, standalone: boolean = Deno.build.standalone): string {
  if (Deno.build.os !== "linux" || !path.endsWith(DELETED)) return path;
  if (!standalone) return "/proc/self/exe";
  throw new StartupError(
    `${
      path.slice(0, -DELETED.length)
    } was replaced or removed while stud runs from it; start the new ` +
      `one with --takeover ${Deno.pid}, or restart stud`,
  );
}

function startWorker(
  { entry, workerArguments }: WorkerProgram,
  wholeEnvironment: boolean,
  spawn = (command: Deno.Command) => startingQuietly(() => command.spawn()),
): ChildProcess {
  const args = [...programArguments(entry), ...workerArguments];
  try {
    const command = new Deno.Command(ownFile(Deno.execPath()), {
      args,
      clearEnv: true,
      env: workerEnvironment(wholeEnvironment),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    });
    const child = spawn(command);
    return {
      pid: child.pid,
      control: child.stdin,
      output: child.stdout,
      errors: child.stderr,
      ended: child.status.then(({ code, signal }) => ({ code, signal })),
      kill() {
        try {
          child.kill("SIGKILL");
        } catch {
          // It has already ended.
        }
      },
    };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new StartupError(`cannot start a worker process: ${text}`, { cause: error });
  }
}

async function write(stream: StandardStream, bytes: Uint8Array): Promise<void> {
  // Deno's asynchronous write runs on another thread, so a stalled reader cannot stop the event loop.
  const target = stream === "stdout" ? Deno.stdout : Deno.stderr;
  for (let sent = 0; sent < bytes.length;) sent += await target.write(bytes.subarray(sent));
}

async function capture(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const command = new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    });
    return new TextDecoder().decode((await command.output()).stdout);
  } catch {
    return undefined;
  }
}

function openDatagram(): DatagramSender {
  if (Deno.build.os === "linux") {
    // deno-lint-ignore require-await -- what it throws is to be a rejection
    return { send: async (bytes, to) => sendDatagram(to, bytes), close() {} };
  }
  // Deno only has bound datagram sockets; the name can be freed as soon as the socket is bound.
  const path = `${Deno.makeTempDirSync({ prefix: "stud-" })}/datagram`;
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  Deno.removeSync(path);
  Deno.removeSync(path.slice(0, path.lastIndexOf("/")));
  return {
    async send(bytes, to) {
      await socket.send(bytes, { transport: "unixpacket", path: to });
    },
    close: () => socket.close(),
  };
}

/** Loaded on use: few processes take over from another. */
const OTHERS: OtherProcesses = {
  open: async (pid) => (await import("../linux/processes.ts")).openProcess(pid),
  lockHolders: async (path) => (await import("../linux/processes.ts")).lockHolders(path),
  announce: async (addresses) => (await import("../linux/announcements.ts")).announce(addresses),
};

/**
 * V8 rejects code that was compiled under other flags, so a worker's flags would make it and its supervisor each
 * replace the whole code cache of the other at every start. The supervisor alone uses it.
 */
const RUN = ["run", "--quiet", "--no-prompt", "--no-code-cache", "--unstable-net", "-A"];

/**
 * The young generation of a worker's heap is 2 MiB, collected by the worker's own thread. A worker's objects either die
 * at once or live as long as their connection, so a large young generation costs memory and saves nothing. For a small
 * one, waking helper threads costs more than they save (docs/performance.md). A worker requests collections itself when
 * many clients have left (proxy/departures.ts).
 */
const V8_FLAGS = "--max-semi-space-size=2,--no-parallel-scavenge,--expose-gc";
const DELETED = " (deleted)";
/** The capacity of a pipe. */
const READ_BYTES = 64 << 10;
