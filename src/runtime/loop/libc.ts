/**
 * The C library's calls for sockets and epoll(7), as foreign functions. Lengths are 32 bits wide here, which V8 passes
 * without a BigInt; no caller has larger buffers.
 */

const SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" },
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  ioctl: { parameters: ["i32", "u32", "buffer"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "u32"], result: "i32" },
} as const;

/** The calls by their names. A result below 0 is a failure; {@linkcode errno} has the reason. */
export type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let opened: { readonly libc: Libc; readonly errno: Int32Array } | undefined;

function library() {
  if (opened !== undefined) return opened;
  const libc = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  // The address belongs to the thread; all of this runs on one thread.
  const location = Deno.UnsafePointerView.getArrayBuffer(libc.__errno_location()!, 4);
  return opened = { libc, errno: new Int32Array(location) };
}

/** Opens the library on the first call. Throws where foreign functions are not allowed. */
export function openLibc(): Libc {
  return library().libc;
}

/** errno(3) of the call that has just failed on this thread. */
export function errno(): number {
  return library().errno[0]!;
}

/**
 * A socket call that failed, with its errno(3), or {@linkcode CLOSED} for a call that waited when its stream was
 * closed.
 */
export class SocketError extends Error {
  override readonly name = "SocketError";
  readonly errno: number;

  private constructor(errno: number) {
    super(errno === CLOSED ? "closed by us" : `os error ${errno}`);
    this.errno = errno;
  }

  /**
   * The error for a number; always the same object. Making a new one costs as much as three system calls, mainly for a
   * stack that says nothing useful, and connections often end with errors.
   */
  static of(errno: number): SocketError {
    return known[errno] ??= new SocketError(errno);
  }
}

const known: SocketError[] = [];

/** Not one of the kernel's numbers: we closed the stream ourselves. */
export const CLOSED = 0;
