/**
 * The right to take a process's place, which one process at a time can have: a unix socket with an abstract name
 * (unix(7)). The kernel gives a name to one socket only, in the network whose ports the two share, and takes it back
 * when its owner ends, however that ends. Whoever comes second asks the kernel who the first one is. Any user of the
 * machine can take a name; an operator learns from the refusal which process to end.
 */

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
 * Claims the place of a process, told by an identity that no other one ever has. Returns the claim, until it is closed,
 * or the id of the process that has it, 0 if that cannot be told; undefined where there are no such sockets, and
 * nothing keeps two apart.
 */
export function claimTakeover(identity: string): { close(): void } | number | undefined {
  try {
    libc ??= Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  } catch {
    return undefined; // Foreign functions are not allowed.
  }
  const { __errno_location, bind, close, listen, socket } = libc;
  const descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return undefined;
  const name = sockaddr(identity);
  // What listens is asked for its owner; nothing is ever accepted.
  if (bind(descriptor, name, name.length) === 0 && listen(descriptor, QUEUE) === 0) {
    return { close: () => void close(descriptor) };
  }
  const errno = new Deno.UnsafePointerView(__errno_location()!).getInt32();
  close(descriptor);
  return errno === EADDRINUSE ? ownerOf(name) : undefined;
}

/** The process that listens by this name; 0 if it is of another process namespace, or does not listen yet. */
function ownerOf(name: Uint8Array<ArrayBuffer>): number {
  const { close, connect, getsockopt, socket } = libc!;
  const descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return 0;
  const credentials = new Int32Array(3);
  const length = new Uint32Array([credentials.byteLength]);
  const isKnown = connect(descriptor, name, name.length) === 0 &&
    getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, credentials, length) === 0;
  close(descriptor);
  return isKnown ? credentials[0]! : 0;
}

/** struct sockaddr_un with an abstract name, which begins with a NUL. */
function sockaddr(identity: string): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(`\0stud replaces ${identity} ${processNamespace()}`);
  const bytes = new Uint8Array(2 + name.length);
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(name, 2);
  return bytes;
}

/** Processes of others may have the same numbers. */
function processNamespace(): string {
  try {
    return Deno.readLinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

// Values of the Linux ABI on x86-64 and arm64 (the same on both).
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const EADDRINUSE = 98;
const QUEUE = 128;
