/**
 * The system calls that a worker makes once it serves, each group with its reason: all that the sandbox allows. What is
 * not listed here is denied: opening files, starting programs, tracing, signals to other processes, mounts, other roots
 * and directories, BPF, io_uring, key rings, performance counters, and anything that a later kernel adds. Some calls
 * are allowed only with certain arguments. This file is data; sandbox_program.ts makes the filter from it.
 *
 * The numbers are those of asm/unistd_64.h (x86-64) and asm-generic/unistd.h (arm64), where some of the older calls do
 * not exist.
 */

/** The architectures that Deno supports under Linux, by Deno's names. */
export type Architecture = "x86_64" | "aarch64";

/** A system call: its name, its number on x86-64, and its number on arm64 if it exists there. */
export type SystemCall = readonly [name: string, x86_64: number | undefined, aarch64?: number];

/** A condition for one argument: its lower 32 bits, masked with `mask`, are one of `among`. */
export interface ArgumentTest {
  /** From 0. */
  readonly argument: number;
  /** Tests the upper half of the argument instead, for calls where the kernel uses all 64 bits. */
  readonly upperHalf?: boolean;
  readonly mask?: number;
  /** `own pid` is the id of the process that the filter is for. */
  readonly among: readonly (number | "own pid")[];
}

/** Calls with one reason. */
export interface CallGroup {
  readonly reason: string;
  readonly calls: readonly SystemCall[];
  /** All conditions of one of these must hold; undefined allows any arguments. */
  readonly onlyIf?: readonly (readonly ArgumentTest[])[];
}

/** For every worker. The most frequent calls are first. */
export const SERVING_CALLS: readonly CallGroup[] = [
  {
    reason: "what relaying is made of",
    calls: [
      ["recvfrom", 45, 207],
      ["sendto", 44, 206],
      ["epoll_wait", 232],
      ["epoll_pwait", 281, 22],
      ["futex", 202, 98],
      ["read", 0, 63],
      ["write", 1, 64],
      ["getpid", 39, 172],
    ],
  },
  {
    reason: "descriptors that are open already, and the ends of those",
    calls: [
      ["close", 3, 57],
      ["close_range", 436, 436],
      ["readv", 19, 65],
      ["writev", 20, 66],
      ["pread64", 17, 67],
      ["pwrite64", 18, 68],
      ["lseek", 8, 62],
      ["fstat", 5, 80],
      ["getdents64", 217, 61],
      ["dup", 32, 23],
      ["dup2", 33],
      ["dup3", 292, 24],
    ],
  },
  {
    reason:
      "duplicates, flags and locks of a descriptor, but no signals from it (F_SETOWN, F_SETSIG)",
    calls: [["fcntl", 72, 25]],
    // F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_DUPFD_CLOEXEC.
    onlyIf: [[{ argument: 1, among: [0, 1, 2, 3, 4, 5, 6, 7, 1030] }]],
  },
  {
    reason:
      "how much is queued, blocking or not, closed by exec, a terminal or not; no device is controlled",
    calls: [["ioctl", 16, 29]],
    // TCGETS, SIOCOUTQ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX.
    onlyIf: [[{ argument: 1, among: [0x5401, 0x5411, 0x541b, 0x5421, 0x5450, 0x5451] }]],
  },
  {
    reason: "the C library asks in this way what an open descriptor is (AT_EMPTY_PATH)",
    calls: [["newfstatat", 262, 79]],
    onlyIf: [[{ argument: 3, mask: 0x1000, among: [0x1000] }]],
  },
  {
    reason: "sockets that are there, and listening on others after a reload",
    calls: [
      ["accept4", 288, 242],
      ["accept", 43, 202],
      ["connect", 42, 203],
      ["bind", 49, 200],
      ["listen", 50, 201],
      ["shutdown", 48, 210],
      ["getsockopt", 55, 209],
      ["getsockname", 51, 204],
      ["getpeername", 52, 205],
      ["sendmsg", 46, 211],
      ["recvmsg", 47, 212],
    ],
  },
  {
    reason: "options of sockets, of TCP and IPV6_V6ONLY; a packet filter's rules are options of IP",
    calls: [["setsockopt", 54, 208]],
    onlyIf: [
      // SOL_SOCKET, IPPROTO_TCP.
      [{ argument: 1, among: [1, 6] }],
      [{ argument: 1, among: [41] }, { argument: 2, among: [26] }],
    ],
  },
  {
    reason: "connections to backends and listening sockets: TCP, over IPv4 and IPv6",
    calls: [["socket", 41, 198]],
    // AF_INET, AF_INET6; SOCK_STREAM with any flags; the default protocol or IPPROTO_TCP.
    onlyIf: [[
      { argument: 0, among: [2, 10] },
      { argument: 1, mask: 0xf, among: [1] },
      { argument: 2, among: [0, 6] },
    ]],
  },
  {
    reason: "waiting, and waking threads that wait",
    calls: [
      ["epoll_ctl", 233, 21],
      ["epoll_pwait2", 441, 441],
      ["epoll_create1", 291, 20],
      ["eventfd2", 290, 19],
      ["pipe2", 293, 59],
      ["poll", 7],
      ["ppoll", 271, 73],
      ["select", 23],
      ["pselect6", 270, 72],
    ],
  },
  {
    reason: "memory of this process: heaps, compiled JavaScript, the stacks of threads",
    calls: [
      ["mprotect", 10, 226],
      ["madvise", 28, 233],
      ["mmap", 9, 222],
      ["munmap", 11, 215],
      ["mremap", 25, 216],
      ["brk", 12, 214],
      ["mlock", 149, 228],
      ["mlock2", 325, 284],
      ["munlock", 150, 229],
      ["mincore", 27, 232],
      ["membarrier", 324, 283],
      ["pkey_mprotect", 329, 288],
      ["pkey_alloc", 330, 289],
      ["pkey_free", 331, 290],
    ],
  },
  {
    reason: "threads start, read their own state and exit",
    calls: [
      ["set_robust_list", 273, 99],
      ["rseq", 334, 293],
      ["gettid", 186, 178],
      ["sched_yield", 24, 124],
      ["sched_getaffinity", 204, 123],
      ["sched_getparam", 143, 121],
      ["sched_getscheduler", 145, 120],
      ["getcpu", 309, 168],
      ["exit", 60, 93],
      ["exit_group", 231, 94],
    ],
  },
  {
    reason:
      "a new thread, never a process (CLONE_THREAD) and never in a namespace of its own (CLONE_NEW*)",
    calls: [["clone", 56, 220]],
    onlyIf: [[
      { argument: 0, mask: 0x0001_0000, among: [0x0001_0000] },
      { argument: 0, mask: 0x7e02_0080, among: [0] },
    ]],
  },
  {
    reason: "names for threads and memory; nothing else about the process is changed",
    calls: [["prctl", 157, 167]],
    // PR_SET_NAME, PR_GET_NAME, PR_SET_VMA.
    onlyIf: [[{ argument: 0, among: [15, 16, 0x5356_4d41] }]],
  },
  {
    reason: "time",
    calls: [
      ["clock_gettime", 228, 113],
      ["clock_getres", 229, 114],
      ["clock_nanosleep", 230, 115],
      ["nanosleep", 35, 101],
      ["gettimeofday", 96, 169],
      ["time", 201],
      ["restart_syscall", 219, 128],
    ],
  },
  {
    reason: "what this process is and has used, and random bytes",
    calls: [
      ["getrandom", 318, 278],
      ["getppid", 110, 173],
      ["getuid", 102, 174],
      ["geteuid", 107, 175],
      ["getgid", 104, 176],
      ["getegid", 108, 177],
      ["uname", 63, 160],
      ["sysinfo", 99, 179],
      ["getrusage", 98, 165],
      ["times", 100, 153],
      ["getrlimit", 97, 163],
    ],
  },
  {
    reason:
      "the limits of this process are read, not set: there is no new value, and no other process",
    calls: [["prlimit64", 302, 261]],
    onlyIf: [[
      { argument: 0, among: [0, "own pid"] },
      { argument: 2, among: [0] },
      { argument: 2, upperHalf: true, among: [0] },
    ]],
  },
  {
    reason: "signals that arrive are handled",
    calls: [
      ["rt_sigaction", 13, 134],
      ["rt_sigprocmask", 14, 135],
      ["rt_sigreturn", 15, 139],
      ["sigaltstack", 131, 132],
    ],
  },
  {
    reason: "abort(3) after a crash, a signal to a thread of this process",
    calls: [["tgkill", 234, 131]],
    onlyIf: [[{ argument: 0, among: ["own pid"] }]],
  },
];

/** Where the backend is a unix socket. */
export const UNIX_SOCKET_CALLS: readonly CallGroup[] = [
  {
    reason: "connections to a backend's unix socket",
    calls: [["socket", 41, 198]],
    // AF_UNIX, SOCK_STREAM.
    onlyIf: [[
      { argument: 0, among: [1] },
      { argument: 1, mask: 0xf, among: [1] },
      { argument: 2, among: [0] },
    ]],
  },
];

/** Where a library that the operator has configured uses a token (PKCS #11) or another device. */
export const TOKEN_CALLS: readonly CallGroup[] = [
  {
    reason: "the token's own files, its device and its locks",
    calls: [
      ["open", 2],
      ["openat", 257, 56],
      ["openat2", 437, 437],
      ["stat", 4],
      ["lstat", 6],
      ["newfstatat", 262, 79],
      ["statx", 332, 291],
      ["access", 21],
      ["faccessat", 269, 48],
      ["faccessat2", 439, 439],
      ["readlink", 89],
      ["readlinkat", 267, 78],
      ["getcwd", 79, 17],
      ["statfs", 137, 43],
      ["fstatfs", 138, 44],
      ["getdents", 78],
      ["mkdir", 83],
      ["mkdirat", 258, 34],
      ["unlink", 87],
      ["unlinkat", 263, 35],
      ["rename", 82],
      ["renameat", 264, 38],
      ["renameat2", 316, 276],
      ["ftruncate", 77, 46],
      ["fallocate", 285, 47],
      ["fadvise64", 221, 223],
      ["fsync", 74, 82],
      ["fdatasync", 75, 83],
      ["flock", 73, 32],
      ["umask", 95, 166],
      ["ioctl", 16, 29],
    ],
  },
  {
    reason: "the token's own service: unix sockets and UDP (a name server's) beside TCP",
    calls: [["socket", 41, 198]],
    // AF_UNIX, AF_INET, AF_INET6; SOCK_STREAM, SOCK_DGRAM.
    onlyIf: [[
      { argument: 0, among: [1, 2, 10] },
      { argument: 1, mask: 0xf, among: [1, 2] },
      { argument: 2, among: [0, 6, 17] },
    ]],
  },
  { reason: "a name server is asked by it (getaddrinfo(3))", calls: [["sendmmsg", 307, 269]] },
];

/**
 * Answered with ENOSYS, so that the C library uses another call: the flags of clone3 are in memory, where a filter
 * cannot read them; those of clone are in a register.
 */
export const UNKNOWN_CALLS: readonly SystemCall[] = [["clone3", 435, 435]];

/**
 * The last number assigned when this table was made. Higher numbers are calls that libraries try before an older one,
 * and are also answered with ENOSYS.
 */
export const LAST_KNOWN_NUMBER = 469;
