/**
 * System calls that a worker has no use for once it serves, with their numbers on x86-64 and arm64. They are to be
 * tried by a process that is denied them, on a file of the test's own: some would do harm if they worked.
 */

/** A call to be tried. */
export interface Attempt {
  readonly what: string;
  readonly number: number | undefined;
  readonly args: readonly number[];
}

/** Stands for the address of a path. */
export const PATH = -1;
/** Stands for the id of the process that tries. */
export const SELF = 0x7e57;

type Row = readonly [what: string, x86_64: number, aarch64: number, ...args: number[]];

const AT_FDCWD = -100;

const FILES: readonly Row[] = [
  ["open a file", 2, NaN, PATH, 0],
  ["open a file by openat", 257, 56, AT_FDCWD, PATH, 0],
  ["open a file by openat2", 437, 437, AT_FDCWD, PATH, 0, 0],
  ["make a file", 85, NaN, PATH, 0o600],
  ["open a file by its handle", 304, 265, AT_FDCWD, 0, 0],
  ["ask for a file's handle", 303, 264, AT_FDCWD, PATH, 0, 0, 0],
  ["look at a file", 4, NaN, PATH, 0],
  ["look at a file by newfstatat", 262, 79, AT_FDCWD, PATH, 0, 0],
  ["look whether a file is there", 332, 291, AT_FDCWD, PATH, 0, 0, 0],
  ["look whether a file is there", 269, 48, AT_FDCWD, PATH, 0],
  ["remove a file", 263, 35, AT_FDCWD, PATH, 0x200],
  ["rename a file", 264, 38, AT_FDCWD, PATH, AT_FDCWD, PATH],
  ["make a directory", 258, 34, AT_FDCWD, PATH, 0o700],
  ["make a link", 265, 37, AT_FDCWD, PATH, AT_FDCWD, PATH, 0],
  ["change the mode of a file", 268, 53, AT_FDCWD, PATH, 0o600],
  ["change the owner of a file", 260, 54, AT_FDCWD, PATH, -1, -1, 0],
  ["change the working directory", 80, 49, PATH],
  ["change the working directory to a descriptor's", 81, 50, -1],
  ["change the root", 161, 51, PATH],
  ["make a file in memory", 319, 279, PATH, 0],
  ["make a secret file in memory", 447, 447, 0],
  ["watch files", 294, 26, 0],
];

const PROCESSES: readonly Row[] = [
  ["start a program", 59, 221, PATH, 0, 0],
  ["start a program by a descriptor", 322, 281, -1, PATH, 0, 0, 0],
  ["fork", 57, NaN],
  ["fork by clone", 56, 220, 17, 0, 0, 0, 0],
  ["trace a process", 101, 117, 0x4206, 1, 0, 0],
  ["be traced by the parent", 101, 117, 0, 0, 0, 0],
  ["read the memory of a process", 310, 270, 1, 0, 0, 0, 0, 0],
  ["write the memory of a process", 311, 271, 1, 0, 0, 0, 0, 0],
  ["compare processes", 312, 272, 1, 1, 0, 0, 0],
  ["signal itself by kill", 62, 129, SELF, 0],
  ["signal everybody", 62, 129, -1, 0],
  ["signal process 1", 62, 129, 1, 0],
  ["signal a thread", 200, 130, 1, 0],
  ["signal a thread of process 1", 234, 131, 1, 1, 0],
  ["queue a signal", 129, 138, 1, 0, 0],
  ["open a process", 434, 434, 1, 0],
  ["signal by a descriptor", 424, 424, -1, 0, 0, 0],
  ["take a process's descriptor", 438, 438, -1, 0, 0],
  ["have another personality", 135, 92, 0xffff_ffff],
  ["have other namespaces", 272, 97, 0],
  ["enter a namespace", 308, 268, -1, 0],
  ["change the priority of process 1", 141, 140, 0, 1, 0],
];

const RIGHTS: readonly Row[] = [
  ["become another user", 105, 146, 1],
  ["become another user by setresuid", 117, 147, 1, 1, 1],
  ["become another group", 106, 144, 1],
  ["have other groups", 116, 159, 0, 0],
  ["have other capabilities", 126, 91, 0, 0],
  ["have another limit", 160, 164, 4, 0],
  ["have another limit by prlimit64", 302, 261, 0, 4, 0x1000, 0],
  ["be dumpable again", 157, 167, 4, 1, 0, 0, 0],
  ["let others trace it", 157, 167, 0x5961_6d61, -1, 0, 0, 0],
  ["have another filter", 317, 277, 1, 0, 0],
];

const KERNEL: readonly Row[] = [
  ["mount", 165, 40, PATH, PATH, PATH, 0, 0],
  ["unmount", 166, 39, PATH, 0],
  ["mount by open_tree", 428, 428, AT_FDCWD, PATH, 0],
  ["mount by fsopen", 430, 430, PATH, 0],
  ["pivot_root", 155, 41, PATH, PATH],
  ["bpf", 321, 280, 0, 0, 0],
  ["userfaultfd", 323, 282, 0],
  ["keyctl", 250, 219, 0, 0, 0, 0, 0],
  ["add_key", 248, 217, PATH, PATH, 0, 0, 0],
  ["perf_event_open", 298, 241, 0, 0, -1, -1, 0],
  ["io_uring_setup", 425, 425, 1, 0],
  ["io_uring_enter", 426, 426, -1, 0, 0, 0, 0, 0],
  ["load a module", 313, 273, -1, PATH, 0],
  ["load a kernel", 246, 104, 0, 0, 0, 0],
  ["set the clock", 227, 112, 0, 0],
  ["read the kernel's log", 103, 116, 3, 0, 0],
  ["shared memory", 29, 194, 0, 4096, 0],
  ["message queues", 68, 186, 0, 0],
  ["modify_ldt", 154, NaN, 0, 0, 0],
  ["move pages between pipes", 275, 76, -1, 0, -1, 0, 1, 0],
];

const SOCKETS: readonly Row[] = [
  ["a unix socket", 41, 198, 1, 1, 0],
  ["a netlink socket", 41, 198, 16, 3, 0],
  ["a packet socket", 41, 198, 17, 3, 0],
  ["a raw socket", 41, 198, 2, 3, 1],
  ["a datagram socket", 41, 198, 2, 2, 0],
  ["a socket of the kernel's cryptography", 41, 198, 38, 5, 0],
  ["a socket of virtual machines", 41, 198, 40, 1, 0],
  ["a pair of sockets", 53, 199, 1, 1, 0, 0],
  ["type into a terminal", 16, 29, 0, 0x5412, 0],
  ["signals from a descriptor", 72, 25, 0, 8, 1],
  ["rules of the packet filter", 54, 208, 0, 0, 64, 0, 0],
];

/** What is to be refused with EPERM. */
export const DENIED: readonly Attempt[] = [
  ...[...FILES, ...PROCESSES, ...RIGHTS, ...KERNEL, ...SOCKETS].map(attempt),
  ...Deno.build.arch === "x86_64"
    ? [{ what: "a call by x32's numbers", number: 0x4000_0000 + 39, args: [] }]
    : [],
];

/** What the C library is to do without (ENOSYS). */
export const UNKNOWN: Attempt = attempt(["clone3", 435, 435, 0, 0]);

/** What works where nothing is denied, and harms nothing but the process. */
export const HARMLESS: readonly string[] = [
  ...[
    "open a file by openat",
    "look whether a file is there",
    "make a file in memory",
    "watch files",
  ],
  ...["fork by clone", "signal itself by kill", "have another personality", "be dumpable again"],
  ...["a unix socket", "a netlink socket", "a datagram socket"],
];

function attempt([what, x86, arm, ...args]: Row): Attempt {
  const number = Deno.build.arch === "x86_64" ? x86 : arm;
  return { what, number: Number.isNaN(number) ? undefined : number, args };
}
