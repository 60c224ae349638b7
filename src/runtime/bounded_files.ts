/**
 * What may be read as a file, the same under Deno and Node: something that ends. A device may never end, and a named
 * pipe may have no writer; the operator would wait forever or run out of memory.
 */

/** What is known about a path before it is read. */
export interface FileKind {
  readonly path: string;
  readonly isDirectory: boolean;
  readonly isNamedPipe: boolean;
  /** A character device. */
  readonly isDevice: boolean;
  /** Bytes, if known; also 0 for some files that are not empty. */
  readonly size: number;
}

/**
 * Max bytes to read from it; `wanted` may be lower or higher than the usual limit. Throws an error with the reason if
 * it must not be read.
 */
export function limitFor(kind: FileKind, wanted = MAX_FILE): number {
  const { path, isDirectory, isNamedPipe, isDevice, size } = kind;
  if (isDirectory) throw new UnreadableError("is a directory, not a file");
  // A pipe passed by a shell is already open.
  if (isNamedPipe && !/^\/(dev|proc)\//.test(path)) {
    throw new UnreadableError("is a named pipe, not a file");
  }
  const limit = isDevice ? Math.min(wanted, MAX_DEVICE) : wanted;
  if (size > limit) throw tooLong(limit);
  return limit;
}

/**
 * Reads a file of this size at once into a buffer. Undefined if it is empty or does not fit, or has another size by now;
 * some files claim to be empty.
 */
export function readWhole(
  size: number,
  into: Uint8Array<ArrayBuffer>,
  read: (into: Uint8Array) => number | null,
): Uint8Array<ArrayBuffer> | undefined {
  if (size === 0 || size >= into.length) return undefined;
  return read(into.subarray(0, size + 1)) === size ? into.subarray(0, size) : undefined;
}

/**
 * Reads until the end, or until `isEnough` says so of all bytes so far, but not beyond the limit. Throws an error with
 * the reason.
 */
export async function readUpTo(
  limit: number,
  read: (into: Uint8Array) => Promise<number | null>,
  isEnough?: (bytes: Uint8Array) => boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  let space = new Uint8Array(FIRST);
  for (let length = 0;;) {
    const more = await read(space.subarray(length)) ?? 0;
    if (more === 0) return space.slice(0, length);
    length += more;
    if (length > limit) throw tooLong(limit);
    if (isEnough?.(space.subarray(0, length))) return space.slice(0, length);
    if (length < space.length) continue;
    const larger = new Uint8Array(Math.min(2 * length, limit + 1));
    larger.set(space);
    space = larger;
  }
}

/** The bytes of a whole file, unless it has grown beyond the limit meanwhile; then throws an error with the reason. */
export function checkedLength(
  bytes: Uint8Array<ArrayBuffer>,
  limit: number,
): Uint8Array<ArrayBuffer> {
  if (bytes.length > limit) throw tooLong(limit);
  return bytes;
}

/** Not a file, or not one that stud reads. The message is the reason. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
}

function tooLong(limit: number): UnreadableError {
  const size = limit >= 1 << 20 ? `${limit >> 20} MiB` : `${limit} bytes`;
  return new UnreadableError(`is larger than ${size}, or endless; give a file`);
}

/** Max bytes of a file, unless the caller sets another limit. */
const MAX_FILE = 64 << 20;
/** The same for a device: a terminal, or a device that has no end. */
const MAX_DEVICE = 1 << 20;
/** Bytes of the first buffer for a file of unknown size: what is in /proc is mostly short, and is read every second. */
const FIRST = 4 << 10;
