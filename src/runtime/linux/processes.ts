/**
 * Other processes as Linux shows them in /proc, and signals that reach exactly the process that was inspected, or none:
 * pidfd_open(2). Kernels before 5.3 do not have that call, and some sandboxes refuse it. There, the start time of the
 * process is compared right before the signal.
 */

import { EINVAL, ENOENT, EPERM, ESRCH } from "./abi.ts";
import type { SocketAddress } from "../../wire/preface.ts";
import { announcedOffset } from "./announcements.ts";
import { isLocked } from "./service.ts";
import { claimTakeover } from "./takeover_claim.ts";
import { listeningSockets } from "../passed_listeners.ts";
import type { OtherProcess, ProcessView } from "../other_process.ts";

const SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" },
  close: { parameters: ["i32"], result: "i32" },
  syscall: { parameters: ["isize", "isize", "isize", "isize", "isize"], result: "isize" },
} as const;

let libc: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] | undefined;

function library() {
  return libc ??= Deno.dlopen("libc.so.6", SYMBOLS).symbols;
}

/** `OtherProcesses.open`. */
export function openProcess(pid: number): OtherProcess | undefined {
  // Everything below is read after the handle is open: a process that gets the same number later receives no signal.
  const handle = openHandle(pid);
  const started = handle === "none" ? undefined : startOf(pid);
  if (handle === "none" || started === undefined) return undefined;
  let claim: { close(): void } | undefined;
  return {
    ...view(pid),
    children: () => processIds().filter((other) => parentOf(other) === pid).map(view),
    announces: (address) => announces(pid, address),
    writesTo: (path) => writesTo(pid, path),
    claim() {
      const claimed = claimTakeover(`${pid} ${started}`);
      if (typeof claimed === "number") return claimed;
      claim = claimed;
      return undefined;
    },
    requestDrain() {
      // Different from an operator's SIGTERM, because a second SIGTERM exits immediately.
      const signal = catches(pid, SIGNALS.SIGURG) ? "SIGURG" : "SIGTERM";
      if (handle !== undefined) return send(handle, SIGNALS[signal]);
      if (startOf(pid) !== started) throw new Error("it has ended");
      Deno.kill(pid, signal);
    },
    close() {
      claim?.close();
      if (handle !== undefined) library().close(handle);
    },
  };
}

/** `OtherProcesses.lockHolders`. */
export function lockHolders(path: string): number[] {
  // Otherwise a lock on another device's file with the same inode number would match.
  if (isLocked(path) === false) return [];
  const file = fileAt(path);
  const locks = parseLocks(readOrEmpty("/proc/locks")).filter((lock) =>
    lock.kind === "FLOCK" && lock.isExclusive && lock.inode === file?.inode
  );
  // For btrfs and overlayfs, the device from stat(2) differs from that in the kernel's list.
  const holders = locks.length > 1 ? locks.filter(({ device }) => device === file?.device) : locks;
  return holders.map(({ pid }) => pid);
}

/** The file's identity in the kernel's list of locks; undefined if there is no such file. */
function fileAt(path: string): Pick<FileLock, "device" | "inode"> | undefined {
  try {
    const { dev, ino } = Deno.statSync(path);
    // makedev(3), for numbers that are not huge.
    const parts = [(dev >>> 8) & 0xfff, (dev & 0xff) | ((dev >>> 12) & 0xfff00)];
    const device = parts.map((part) => part.toString(16).padStart(2, "0")).join(":");
    return { device, inode: String(ino) };
  } catch {
    return undefined;
  }
}

/** A lock on a file. */
export interface FileLock {
  /** `FLOCK` (flock(2)) or `POSIX` (fcntl(2)), among others. */
  readonly kind: string;
  readonly isExclusive: boolean;
  readonly pid: number;
  /** In hexadecimal, `MAJOR:MINOR`. */
  readonly device: string;
  readonly inode: string;
  /** The first locked offset in the file. */
  readonly start: string;
}

/** Parses /proc/locks (proc_locks(5)), without the entries that wait for a lock. */
export function parseLocks(text: string): FileLock[] {
  return text.split("\n").flatMap((line) => {
    const [, kind, , access, pid, file, start] = line.trim().split(/\s+/);
    const [major, minor, inode] = file?.split(":") ?? [];
    if (kind === undefined || inode === undefined || start === undefined) return [];
    const device = `${major}:${minor}`;
    return [{ kind, isExclusive: access === "WRITE", pid: Number(pid), device, inode, start }];
  });
}

function announces(pid: number, address: SocketAddress): boolean {
  const offset = String(announcedOffset(address));
  return parseLocks(readOrEmpty("/proc/locks")).some((lock) =>
    lock.kind === "POSIX" && lock.pid === pid && lock.start === offset
  );
}

/** A descriptor of the process; `none` if there is no such process; undefined if the kernel cannot do this. */
function openHandle(pid: number): number | "none" | undefined {
  try {
    const { syscall, __errno_location } = library();
    const handle = Number(syscall(PIDFD_OPEN, BigInt(pid), 0n, 0n, 0n));
    if (handle >= 0) return handle;
    const errno = new Deno.UnsafePointerView(__errno_location()!).getInt32();
    // EINVAL and ENOENT: it is a thread of another process.
    return [ENOENT, ESRCH, EINVAL].includes(errno) ? "none" : undefined;
  } catch {
    return undefined; // Foreign functions are not allowed.
  }
}

/** Whether a process has a handler for a signal (proc_pid_status(5)); earlier versions of stud have none for SIGURG. */
function catches(pid: number, signal: number): boolean {
  const mask = /^SigCgt:\s*([0-9a-f]+)/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1];
  return mask !== undefined && (BigInt(`0x${mask}`) >> BigInt(signal - 1) & 1n) === 1n;
}

function send(handle: number, signal: number): void {
  const { syscall, __errno_location } = library();
  const result = syscall(PIDFD_SEND_SIGNAL, BigInt(handle), BigInt(signal), 0n, 0n);
  if (Number(result) === 0) return;
  const errno = new Deno.UnsafePointerView(__errno_location()!).getInt32();
  throw new Error(
    errno === ESRCH
      ? "it has ended"
      : errno === EPERM
      ? "operation not permitted: it belongs to another user"
      : `pidfd_send_signal: errno ${errno}`,
  );
}

function view(pid: number): ProcessView {
  return {
    pid,
    name: readOrEmpty(`/proc/${pid}/comm`).trimEnd(),
    words: readOrEmpty(`/proc/${pid}/cmdline`).split("\0").slice(0, -1),
    listening: () => listening(pid),
  };
}

function listening(pid: number): SocketAddress[] | undefined {
  const links = descriptorLinks(pid);
  if (links === undefined) return undefined;
  const inodes = new Set(links.map(({ target }) => /^socket:\[(\d+)\]$/.exec(target)?.[1]));
  return listeningSockets().filter(({ inode }) => inodes.has(inode)).map(({ address }) => address);
}

/** Undefined if this process is not permitted to see them. */
function descriptorLinks(pid: number): { name: string; target: string }[] | undefined {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/fd`)].flatMap(({ name }) => {
      try {
        return [{ name, target: Deno.readLinkSync(`/proc/${pid}/fd/${name}`) }];
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return []; // Closed meanwhile.
        throw error;
      }
    });
  } catch {
    return undefined;
  }
}

function writesTo(pid: number, path: string): boolean {
  try {
    const { dev, ino } = Deno.statSync(path);
    return (descriptorLinks(pid) ?? []).some(({ name, target }) => {
      if (!target.startsWith("/")) return false;
      const held = Deno.statSync(`/proc/${pid}/fd/${name}`);
      if (held.dev !== dev || held.ino !== ino) return false;
      const flags = /^flags:\s*([0-7]+)/m.exec(readOrEmpty(`/proc/${pid}/fdinfo/${name}`))?.[1];
      return flags !== undefined && (parseInt(flags, 8) & O_ACCMODE) !== O_RDONLY;
    });
  } catch {
    return false; // The file or the process no longer exists.
  }
}

function processIds(): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) => pid > 0);
}

function parentOf(pid: number): number {
  return Number(statFields(pid)[1]);
}

/** In ticks since the machine started; undefined if there is no such process. */
function startOf(pid: number): string | undefined {
  return statFields(pid)[19];
}

/** The fields of /proc/PID/stat (proc_pid_stat(5)) from the third on; the second may contain any characters. */
function statFields(pid: number): string[] {
  const text = readOrEmpty(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** Processes may end at any time. */
function readOrEmpty(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

// Values of the Linux ABI on x86-64 and arm64 (the same on both).
const PIDFD_SEND_SIGNAL = 424n;
const PIDFD_OPEN = 434n;
const SIGNALS = { SIGTERM: 15, SIGURG: 23 } as const;
const O_ACCMODE = 3;
const O_RDONLY = 0;
