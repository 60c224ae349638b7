/**
 * The right to take over from a process, which one process at a time can have: a unix socket with an abstract name
 * (unix(7)). In a network namespace, which the two processes share with their ports, the kernel gives a name to only
 * one socket. It releases the name when the owner ends, even by a crash. The second process asks the kernel which
 * process is the first. Any user of the machine can take a name. Sockets of the same port belong to the same user, so a
 * name that another user has is not a claim, and the next name is used.
 */

import {
  AF_UNIX,
  EADDRINUSE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./abi.ts";
import { encodeAbstractName } from "./socket_address.ts";

const SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
} as const;

let libc: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] | undefined;

/**
 * Claims the takeover of a process, identified by a value that is never reused. Returns the claim, which lasts until it
 * is closed, or the id of the process that has it, 0 if that is unknown. Undefined where there are no such sockets;
 * then nothing prevents two claims.
 */
export function claimTakeover(identity: string): { close(): void } | number | undefined {
  try {
    libc ??= Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  } catch {
    return undefined; // Foreign functions are not allowed.
  }
  const namespace = processNamespace();
  for (let turn = 0; turn < NAMES; turn++) {
    const name = encodeAbstractName(
      `stud replaces ${identity} ${namespace}${turn === 0 ? "" : ` ${turn}`}`,
    );
    if (name === undefined) return undefined;
    const claim = take(name);
    if (claim !== "taken") return claim;
    const owner = ownerOf(name);
    if (owner !== undefined) return owner;
  }
  return undefined;
}

function take(name: Uint8Array<ArrayBuffer>): { close(): void } | "taken" | undefined {
  const { __errno_location, bind, close, listen, socket } = libc!;
  const descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return undefined;
  // It listens only so that its owner can be queried; nothing is ever accepted.
  if (bind(descriptor, name, name.length) === 0 && listen(descriptor, QUEUE) === 0) {
    return { close: () => void close(descriptor) };
  }
  const errno = new Deno.UnsafePointerView(__errno_location()!).getInt32();
  close(descriptor);
  return errno === EADDRINUSE ? "taken" : undefined;
}

/**
 * The process that has this name, 0 if it is in another process namespace. Undefined if it cannot be a stud that serves
 * here: it is another user's, it does not listen, or it accepts no connections.
 */
function ownerOf(name: Uint8Array<ArrayBuffer>): number | undefined {
  for (let tries = 0; tries < TRIES; tries++) {
    // It may be between bind(2) and listen(2).
    if (tries > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TRY_PAUSE);
    const owner = credentialsOf(name);
    if (owner === undefined) continue;
    return owner.user === 0 || owner.user === Deno.uid() ? owner.pid : undefined;
  }
  return undefined;
}

function credentialsOf(name: Uint8Array<ArrayBuffer>): { pid: number; user: number } | undefined {
  const { close, connect, getsockopt, socket } = libc!;
  const descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return undefined;
  const credentials = new Int32Array(3);
  const length = new Uint32Array([credentials.byteLength]);
  const isKnown = connect(descriptor, name, name.length) === 0 &&
    getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, credentials, length) === 0;
  close(descriptor);
  return isKnown ? { pid: credentials[0]!, user: credentials[1]! >>> 0 } : undefined;
}

/** Processes in other namespaces may have the same ids. */
function processNamespace(): string {
  try {
    return Deno.readLinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

// Values of the Linux ABI on x86-64 and arm64 (the same on both).
const SO_PEERCRED = 17;
const QUEUE = 128;
/** The number of names. Another user who takes all of them disables this protection, but does not stop stud. */
const NAMES = 8;
/** The number of queries for a name's owner, and the milliseconds between them. */
const TRIES = 5;
const TRY_PAUSE = 10;
