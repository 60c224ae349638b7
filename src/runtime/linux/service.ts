/**
 * System calls for a service that Deno does not offer, through the C library: a locked file, a datagram to an abstract
 * address, the service manager's clock, and accepting on an inherited socket. A supervisor may use them, because they
 * run no foreign code except the C library's.
 */

import {
  AF_UNIX,
  EEXIST,
  EPOLL_CTL_ADD,
  FIONBIO,
  MSG_NOSIGNAL,
  O_CLOEXEC,
  O_RDWR,
  SOCK_CLOEXEC,
} from "./abi.ts";
import { epollDescriptors } from "./epoll_descriptors.ts";
import { encodeAbstractName, encodePath } from "./socket_address.ts";

const SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  dup3: { parameters: ["i32", "i32", "i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
} as const;

let libc: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] | undefined;

function library() {
  return libc ??= Deno.dlopen("libc.so.6", SYMBOLS).symbols;
}

/**
 * Opens a file, creates it if necessary, and locks it (flock(2)). Returns its descriptor, or undefined if another
 * process has the lock. Throws an error whose `errno` is the errno(3) number.
 */
export function openLocked(path: string, mode: number): number | undefined {
  const { open, flock, close } = library();
  const descriptor = open(cString(path), O_RDWR | O_CREAT | O_CLOEXEC, mode);
  if (descriptor < 0) throw systemError("open");
  if (flock(descriptor, LOCK_EX | LOCK_NB) === 0) return descriptor;
  close(descriptor);
  return undefined;
}

/** Whether another open file has an exclusive lock (flock(2)) on this file; undefined if that cannot be tested. */
export function isLocked(path: string): boolean | undefined {
  const { open, flock, close } = library();
  const descriptor = open(cString(path), O_CLOEXEC, 0);
  if (descriptor < 0) return undefined;
  const isFree = flock(descriptor, LOCK_SH | LOCK_NB) === 0;
  close(descriptor);
  return !isFree;
}

/** Closes a descriptor of {@linkcode openLocked}. */
export function closeDescriptor(descriptor: number): void {
  library().close(descriptor);
}

/** Sends text or bytes to a unix socket, by path or as `@NAME` (unix(7)), without waiting. Throws if it cannot. */
export function sendDatagram(to: string, text: string | Uint8Array): void {
  const { socket, sendto, close } = library();
  const bytes = new Uint8Array(typeof text === "string" ? new TextEncoder().encode(text) : text);
  const address = to.startsWith("@") ? encodeAbstractName(to.slice(1)) : encodePath(to);
  if (address === undefined) throw new Error("the name is too long for a socket");
  const descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw systemError("socket");
  try {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const length = BigInt(bytes.length);
    const sent = sendto(descriptor, bytes, length, flags, address, address.length);
    if (sent < 0) throw systemError("sendto");
  } finally {
    close(descriptor);
  }
}

/** CLOCK_MONOTONIC in microseconds. */
export function monotonicMicroseconds(): bigint {
  const time = new BigInt64Array(2);
  library().clock_gettime(CLOCK_MONOTONIC, time);
  return time[0]! * 1_000_000n + time[1]! / 1_000n;
}

/**
 * Replaces the socket of a Deno listener by an inherited listening socket: from then on the listener accepts on that.
 * Throws if that does not work.
 *
 * Deno waits for its sockets by epoll(7), which identifies a socket by descriptor and file. When the stand-in's last
 * descriptor is closed, it leaves epoll. The new file is then added under the same number, with the same events and the
 * same token, which the kernel shows in /proc/self/fdinfo (proc_pid_fdinfo(5)).
 */
export function replaceDescriptor(descriptor: number, inherited: number): void {
  const entries = epollEntries(descriptor);
  if (entries.length === 0) throw new Error("the runtime does not wait by epoll");
  const { dup3, epoll_ctl, ioctl } = library();
  // The socket's creator may have left it blocking; accept(2) would then block the whole process.
  if (ioctl(inherited, BigInt(FIONBIO), new Int32Array([1])) !== 0) throw systemError("ioctl");
  if (dup3(inherited, descriptor, O_CLOEXEC) < 0) throw systemError("dup3");
  for (const { epoll, event } of entries) {
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, event) === 0) continue;
    const error = systemError("epoll_ctl");
    // The runtime has several descriptors of one epoll instance.
    if (error.errno !== EEXIST) throw error;
  }
}

/** The epoll instances that watch a descriptor, and the struct epoll_event in each. */
function epollEntries(
  descriptor: number,
): { epoll: number; event: Uint8Array<ArrayBuffer> }[] {
  return epollDescriptors().flatMap((epoll) => {
    const info = Deno.readTextFileSync(`/proc/self/fdinfo/${epoll}`);
    return [...info.matchAll(/^tfd:\s*(\d+)\s+events:\s*([0-9a-f]+)\s+data:\s*([0-9a-f]+)/gm)]
      .filter(([, watched]) => Number(watched) === descriptor)
      .map(([, , events, data]) => ({
        epoll,
        event: epollEvent(parseInt(events!, 16), BigInt(`0x${data}`)),
      }));
  });
}

/** The struct is packed on x86-64 only. */
function epollEvent(events: number, data: bigint): Uint8Array<ArrayBuffer> {
  const packed = Deno.build.arch === "x86_64";
  const event = new Uint8Array(packed ? 12 : 16);
  const view = new DataView(event.buffer);
  view.setUint32(0, events, true);
  view.setBigUint64(packed ? 4 : 8, data, true);
  return event;
}

/** The errno(3) of the call that has just failed, in the form of Node's errors. */
function systemError(call: string): Error & { errno: number; code: string } {
  const location = library().__errno_location();
  const errno = location === null ? 0 : new Deno.UnsafePointerView(location).getInt32();
  const [code, text] = ERRORS[errno] ?? [`errno ${errno}`, `errno ${errno}`];
  return Object.assign(new Error(`${call}: ${text}`), { errno, code });
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(`${text}\0`));
}

/** errno(3). */
const ERRORS: Readonly<Record<number, readonly [code: string, text: string]>> = {
  1: ["EPERM", "operation not permitted"],
  2: ["ENOENT", "no such file or directory"],
  11: ["EAGAIN", "its queue is full"],
  13: ["EACCES", "permission denied"],
  17: ["EEXIST", "it already exists"],
  20: ["ENOTDIR", "not a directory"],
  21: ["EISDIR", "is a directory"],
  28: ["ENOSPC", "no space left"],
  30: ["EROFS", "the file system is read-only"],
  111: ["ECONNREFUSED", "nothing listens there"],
};

// Values of the Linux ABI on x86-64 and arm64 (the same on both).
const O_CREAT = 0o100;
const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;
const CLOCK_MONOTONIC = 1;
