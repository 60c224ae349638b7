/**
 * Removes from a process what it no longer needs, by system calls that no JavaScript runtime offers. Other processes
 * cannot see its memory, its capabilities are dropped, and programs that it starts cannot gain privileges. A seccomp
 * filter (sandbox_program.ts) is between all of its threads and the kernel. Nothing here can be undone, except
 * {@linkcode hideMemory}. What the kernel refuses is reported and never thrown: containers have kernels of every kind.
 */

import { EINVAL } from "./abi.ts";
import { encodeInstructions, filterProgram } from "./filter_program.ts";
import { sandboxProgram } from "./sandbox_program.ts";
import type { Sandbox } from "../runtime.ts";

const SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" },
  capget: { parameters: ["buffer", "buffer"], result: "i32" },
  capset: { parameters: ["buffer", "buffer"], result: "i32" },
  getuid: { parameters: [], result: "u32" },
  prctl: { parameters: ["i32", "usize", "usize", "usize", "usize"], result: "i32" },
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  syscall: { parameters: ["isize", "usize", "usize", "buffer"], result: "isize" },
} as const;

type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let opened: Libc | undefined;

function library(): Libc {
  return opened ??= Deno.dlopen("libc.so.6", SYMBOLS).symbols;
}

/**
 * Sets whether this process's memory is hidden from processes other than root's: they can neither trace it nor read
 * /proc/PID/mem, and it leaves no core dump (prctl(2), PR_SET_DUMPABLE). Calls that change a process's user reset this.
 * Returns false if it fails.
 */
export function hideMemory(hidden: boolean): boolean {
  try {
    const libc = library();
    if (hidden) libc.setrlimit(RLIMIT_CORE, new BigUint64Array(2));
    return prctl(libc, PR_SET_DUMPABLE, hidden ? 0 : 1) === 0;
  } catch {
    return false;
  }
}

/**
 * Limits every program that this thread starts from now on to the capabilities that a worker needs for its start,
 * without a way to gain others: their bounding set (capabilities(7)) is empty in all threads. Only for root, whose
 * programs would otherwise have all capabilities. Changes nothing where that is not permitted.
 *
 * A running process can do this only for the calling thread, and a runtime has many threads.
 */
export function limitChildren(): void {
  try {
    const libc = library();
    if (libc.getuid() !== 0) return;
    const own = readCapabilities(libc);
    if (own === undefined || !(own.effective & bit(CAP_SETPCAP))) return;
    const inheritable = own.permitted & bits(NEEDED_TO_START);
    if (!writeCapabilities(libc, { ...own, inheritable })) return;
    emptyBoundingSet(libc);
  } catch {
    // Without foreign functions, workers keep what they inherit.
  }
}

/**
 * Permanently confines every thread of this process. Returns what the kernel refused, in an operator's words; an empty
 * list if nothing.
 */
export function confine(sandbox: Sandbox): string[] {
  const libc = library();
  const refused: string[] = [];
  const check = (what: string, result: number) => {
    if (result !== 0) refused.push(`${what}: ${errnoText(libc)}`);
  };
  if (!hideMemory(true)) refused.push(`hiding its memory: ${errnoText(libc)}`);
  dropCapabilities(libc);
  check("no new privileges", prctl(libc, PR_SET_NO_NEW_PRIVS, 1));
  if (refused.length > 0) return refused;
  const fault = filterSystemCalls(libc, sandbox);
  if (fault !== undefined) return [`the filter of system calls: ${fault}`];
  if (!sandbox.token) forgetStacks();
  return [];
}

/**
 * Errors no longer say where they came from. Deno looks that up in files when an error's stack is first read. If it
 * cannot open them, it parses the source again. Before that it reads the bounds of the main thread's stack, also from a
 * file, and ends the process if that fails. An executable contains everything itself.
 */
function forgetStacks(): void {
  if (!Deno.build.standalone) Error.stackTraceLimit = 0;
}

/** Drops capabilities of this thread. If that is not permitted, the rest of the sandbox leaves little use for them. */
function dropCapabilities(libc: Libc): void {
  prctl(libc, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
  emptyBoundingSet(libc);
  const own = readCapabilities(libc);
  if (own === undefined) return;
  const kept = own.permitted & bits(NEEDED_TO_SERVE);
  writeCapabilities(libc, { permitted: kept, effective: kept, inheritable: 0n });
}

/** The kernel refuses the first number without a capability. */
function emptyBoundingSet(libc: Libc): void {
  for (let capability = 0; capability < 64; capability++) {
    if (prctl(libc, PR_CAPBSET_DROP, capability) !== 0) return;
  }
}

/** Returns why it failed, or undefined. */
function filterSystemCalls(libc: Libc, sandbox: Sandbox): string | undefined {
  const architecture = Deno.build.arch;
  const number = SECCOMP_NUMBERS[architecture];
  const instructions = encodeInstructions(
    sandboxProgram({ ...sandbox, architecture, pid: Deno.pid }),
  );
  const program = filterProgram(instructions);
  const install = (flags: number) =>
    Number(libc.syscall(BigInt(number), SECCOMP_SET_MODE_FILTER, BigInt(flags), program));
  // Older kernels slow down a process with a filter as if it ran untrusted code, unless it says that it does not.
  let result = install(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
  if (result < 0 && errno(libc) === EINVAL) result = install(SECCOMP_FILTER_FLAG_TSYNC);
  if (result === 0) return undefined;
  return result > 0 ? `thread ${result} already has another filter` : errnoText(libc);
}

/** The sets of a thread, a bit for each capability. */
interface Capabilities {
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
}

function readCapabilities(libc: Libc): Capabilities | undefined {
  const data = new Uint32Array(6);
  if (libc.capget(capabilityHeader(), data) !== 0) return undefined;
  const set = (index: number) => BigInt(data[index]!) | BigInt(data[index + 3]!) << 32n;
  return { effective: set(0), permitted: set(1), inheritable: set(2) };
}

function writeCapabilities(libc: Libc, sets: Capabilities): boolean {
  const { effective, permitted, inheritable } = sets;
  const data = new Uint32Array(
    [0n, 32n].flatMap((shift) =>
      [effective, permitted, inheritable].map((set) => Number(set >> shift & 0xffff_ffffn))
    ),
  );
  return libc.capset(capabilityHeader(), data) === 0;
}

/** struct __user_cap_header_struct: the version with 64 capabilities, and the calling thread. */
function capabilityHeader(): Uint32Array<ArrayBuffer> {
  return new Uint32Array([LINUX_CAPABILITY_VERSION_3, 0]);
}

/** prctl(2); the arguments that an option does not use must be 0. */
function prctl(libc: Libc, option: number, argument: number): number {
  return libc.prctl(option, BigInt(argument), 0n, 0n, 0n);
}

function bits(capabilities: readonly number[]): bigint {
  return capabilities.reduce((set, capability) => set | bit(capability), 0n);
}

function bit(capability: number): bigint {
  return 1n << BigInt(capability);
}

function errno(libc: Libc): number {
  const location = libc.__errno_location();
  return location === null ? 0 : new Deno.UnsafePointerView(location).getInt32();
}

function errnoText(libc: Libc): string {
  const number = errno(libc);
  return ERRNO_TEXT[number] ?? `errno ${number}`;
}

// linux/capability.h.
const LINUX_CAPABILITY_VERSION_3 = 0x2008_0522;
const CAP_DAC_OVERRIDE = 1;
const CAP_DAC_READ_SEARCH = 2;
const CAP_SETGID = 6;
const CAP_SETUID = 7;
const CAP_SETPCAP = 8;
const CAP_NET_BIND_SERVICE = 10;
const CAP_NET_ADMIN = 12;
const CAP_SYS_CHROOT = 18;
/**
 * Needed where workers stay root: for a frontend below port 1024 after a reload, for another user's unix socket as
 * backend, and for filters on sockets that are about to close. Newer kernels require a capability for those filters.
 * The system call filter prevents other uses of these capabilities.
 */
const NEEDED_TO_SERVE = [CAP_NET_BIND_SERVICE, CAP_DAC_OVERRIDE, CAP_NET_ADMIN];
/** Needed before that: to read the program's files, to change user, group and root, and to drop all of these. */
const NEEDED_TO_START = [
  ...NEEDED_TO_SERVE,
  ...[CAP_DAC_READ_SEARCH, CAP_SETGID, CAP_SETUID, CAP_SETPCAP, CAP_SYS_CHROOT],
];

// linux/prctl.h.
const PR_SET_DUMPABLE = 4;
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const RLIMIT_CORE = 4;
/** seccomp(2) itself, which the C library has no function for. */
const SECCOMP_NUMBERS = { x86_64: 317, aarch64: 277 } as const;
// linux/seccomp.h.
const SECCOMP_SET_MODE_FILTER = 1n;
const SECCOMP_FILTER_FLAG_TSYNC = 1;
const SECCOMP_FILTER_FLAG_SPEC_ALLOW = 4;
const ERRNO_TEXT: Readonly<Record<number, string>> = {
  1: "operation not permitted",
  13: "permission denied",
  22: "this kernel does not have it",
  38: "this kernel does not have it",
};
