/**
 * Files as every runtime offers them. One stat(2) tells all that stud wants to know about a file, because with ten
 * thousand certificates each call costs a turn of another thread.
 */

import type { FileKind } from "./bounded_files.ts";

/** Metadata of a file or directory; links are followed. */
export interface FileStatus extends Omit<FileKind, "path"> {
  /** As {@linkcode Files.stamp} returns it. */
  readonly stamp: string;
  /** As {@linkcode Files.mode} returns it. */
  readonly mode: number | undefined;
  readonly isFile: boolean;
}

/** A file that has been read, and its metadata from just before. */
export interface ReadFile {
  /** The part of the buffer that it fills. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly status: FileStatus;
}

/** Files, always read and written as a whole. */
export interface Files {
  /**
   * Rejects with {@linkcode StartupError}: path, cause and nothing else. More bytes than the limit are an error,
   * because some files have no end. The default limit is 64 MiB, and 1 MiB for a device or a named pipe. `status`
   * spares the call that would ask for it.
   */
  readText(path: string, limit?: number, status?: FileStatus): Promise<string>;
  /**
   * The beginning of a file, as far as it has been read when `isEnough` says so of it, or all. It may end inside a line.
   * For the tables of proc(5), which the kernel writes while they are read. Rejects as {@linkcode Files.readText} does.
   */
  readBeginning(path: string, isEnough: (beginning: string) => boolean): Promise<string>;
  /** Rejects as {@linkcode Files.readText} does. */
  readBytes(path: string, limit?: number, status?: FileStatus): Promise<Uint8Array>;
  /**
   * Reads a file into this buffer without another thread: the process waits for the disk. Undefined if it is not an
   * ordinary file, does not fit or cannot be read; `readBytes` then reads it or reports the fault. Optional.
   */
  readNow?(path: string, into: Uint8Array<ArrayBuffer>): ReadFile | undefined;
  /** Undefined if nothing is there, or if it cannot be seen. */
  status(path: string): Promise<FileStatus | undefined>;
  /**
   * The names of the files in a directory, in no order. Symbolic links are included, unless they lead to something
   * other than a file. Undefined if there is no such directory. Rejects with {@linkcode StartupError}: path, cause and
   * nothing else.
   */
  list(directory: string): Promise<string[] | undefined>;
  /** The permission bits of chmod(2), or undefined on Windows. Rejects as `readText` does. */
  mode(path: string): Promise<number | undefined>;
  /** Also false if it cannot be seen. */
  isDirectory(path: string): Promise<boolean>;
  /**
   * A value that changes whenever a file or directory is replaced or written to; links are followed. It is made of
   * device, inode, size and time from stat(2). Undefined if nothing is there, or if it cannot be seen.
   */
  stamp(path: string): Promise<string | undefined>;
  /**
   * Atomically replaces a file, or creates it, with these permission bits: a reader of the path gets all of the old
   * bytes or all of the new ones. Rejects as `readText` does.
   */
  replace(path: string, bytes: Uint8Array, mode: number): Promise<void>;
}
