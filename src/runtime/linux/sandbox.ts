/**
 * Takes from a process what it needs no more, by system calls that no JavaScript runtime offers: its memory is shown
 * to no other process, its capabilities go, no program that it starts can have more rights, and a seccomp filter
 * (sandbox_program.ts) stands between all of its threads and the kernel. Nothing here can be undone, but for
 * {@linkcode hideMemory}. What the kernel refuses is told and never thrown: containers have kernels of every kind.
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
 * Whether the memory of this process is kept from others, except root's: they can neither trace it nor read
 * /proc/PID/mem, and it leaves no core behind (prctl(2), PR_SET_DUMPABLE). Calls that change a process's user set this
 * anew. Returns false if it cannot be.
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
 * Has every program that this thread starts from now on begin with the capabilities that a worker needs to become
 * what it is to be, and without a way to any others: of those that it is left with, all of its threads have an empty
 * bounding set (capabilities(7)). For root only, whose programs would have everything otherwise; nothing is changed
 * where it may not be.
 *
 * In a process that runs already this could be done to its calling thread alone, and a runtime has many.
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
    // Without foreign functions workers begin with what they are given.
  }
}

/**
 * Confines this process for good, every thread of it. Returns what the kernel refused, in an operator's words; an
 * empty list if nothing.
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
 * Errors tell no more where they came from. Deno looks that up in files when an error's stack is first asked for; where
 * it cannot open them it parses the source again, asks for the bounds of the main thread's stack before, which are in a
 * file too, and ends the process for want of them. An executable has everything within itself.
 */
function forgetStacks(): void {
  if (!Deno.build.standalone) Error.stackTraceLimit = 0;
}

/** Of those of this thread. Without the right to do so the rest of the sandbox makes them worth little. */
function dropCapabilities(libc: Libc): void {
  prctl(libc, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
  emptyBoundingSet(libc);
  const own = readCapabilities(libc);
  if (own === undefined) return;
  const kept = own.permitted & bits(NEEDED_TO_SERVE);
  writeCapabilities(libc, { permitted: kept, effective: kept, inheritable: 0n });
}

/** The kernel refuses the first number that it has no capability for. */
function emptyBoundingSet(libc: Libc): void {
  for (let capability = 0; capability < 64; capability++) {
    if (prctl(libc, PR_CAPBSET_DROP, capability) !== 0) return;
  }
}

/** Why it cannot be, or undefined. */
function filterSystemCalls(libc: Libc, sandbox: Sandbox): string | undefined {
  const architecture = Deno.build.arch;
  const number = SECCOMP_NUMBERS[architecture];
  const instructions = encodeInstructions(
    sandboxProgram({ ...sandbox, architecture, pid: Deno.pid }),
  );
  const program = filterProgram(instructions);
  const install = (flags: number) =>
    Number(libc.syscall(BigInt(number), SECCOMP_SET_MODE_FILTER, BigInt(flags), program));
  // Older kernels slow down a process with a filter as if it ran the code of strangers, unless it says it does not.
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
  const set = (place: number) => BigInt(data[place]!) | BigInt(data[place + 3]!) << 32n;
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

/** prctl(2); what an option does not take has to be 0. */
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
 * Where workers stay root: a frontend below 1024 after a reload, a backend's unix socket that is another user's, and
 * filters for sockets that are about to close, which newer kernels let nobody else have. The filter of system calls
 * leaves nothing else to do with these.
 */
const NEEDED_TO_SERVE = [CAP_NET_BIND_SERVICE, CAP_DAC_OVERRIDE, CAP_NET_ADMIN];
/** And before: files of the program, another user, group and root, and giving up all of this. */
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
