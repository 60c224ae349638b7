/**
 * What may be read as a file, the same under Deno and Node: something that ends. Devices may never, a named pipe may have
 * nobody who writes, and the operator would wait for ever or run out of memory.
 */

/** What is known of a path before it is read. */
export interface FileKind {
  readonly path: string;
  readonly isDirectory: boolean;
  readonly isNamedPipe: boolean;
  /** A character device. */
  readonly isDevice: boolean;
  /** Bytes, as far as that is known; 0 for much that has some. */
  readonly size: number;
}

/**
 * How many bytes of it may be read, where somebody wants less or more than the usual too. Throws an error with the
 * reason if it is not to be read.
 */
export function limitFor(kind: FileKind, wanted = MAX_FILE): number {
  const { path, isDirectory, isNamedPipe, isDevice, size } = kind;
  if (isDirectory) throw new UnreadableError("is a directory, not a file");
  // What a shell hands over is a pipe, and open already.
  if (isNamedPipe && !/^\/(dev|proc)\//.test(path)) {
    throw new UnreadableError("is a named pipe, not a file");
  }
  const limit = isDevice ? Math.min(wanted, MAX_DEVICE) : wanted;
  if (size > limit) throw tooLong(limit);
  return limit;
}

/** Reads until the end, and no further than the limit. Throws an error with the reason. */
export async function readUpTo(
  limit: number,
  read: (into: Uint8Array) => Promise<number | null>,
): Promise<Uint8Array<ArrayBuffer>> {
  let space = new Uint8Array(FIRST);
  for (let length = 0;;) {
    const more = await read(space.subarray(length)) ?? 0;
    if (more === 0) return space.slice(0, length);
    length += more;
    if (length > limit) throw tooLong(limit);
    if (length < space.length) continue;
    const larger = new Uint8Array(Math.min(2 * length, limit + 1));
    larger.set(space);
    space = larger;
  }
}

/** Something that is no file, or none that is read. The message is the reason. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
}

function tooLong(limit: number): UnreadableError {
  const size = limit >= 1 << 20 ? `${limit >> 20} MiB` : `${limit} bytes`;
  return new UnreadableError(`is larger than ${size}, or endless; give a file`);
}

/** Bytes of a file at most, unless somebody wants fewer. */
const MAX_FILE = 64 << 20;
/** The same of a device: a terminal, or one that has no end. */
const MAX_DEVICE = 1 << 20;
const FIRST = 64 << 10;
