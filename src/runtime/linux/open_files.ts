/**
 * Closes access to files that a worker has open but does not need: the runtime's caches on disk (under `deno run`
 * SQLite files of the user who started it, open for writing), and files that were open when stud was started. A worker
 * reads and writes no files, so none stays accessible. A descriptor replaced by /dev/null stays valid for code that
 * holds its number.
 */

import { O_CLOEXEC, O_RDWR } from "./abi.ts";

const SYMBOLS = {
  close: { parameters: ["i32"], result: "i32" },
  dup3: { parameters: ["i32", "i32", "i32"], result: "i32" },
  mmap: { parameters: ["usize", "usize", "i32", "i32", "i32", "i64"], result: "isize" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
} as const;

/**
 * Replaces every file, directory, disk and terminal among the descriptors by /dev/null, and every writable shared
 * mapping of one by a private copy. Throws an error that says what cannot be replaced. `descriptors` is all open ones,
 * for when /proc is missing.
 */
export function replaceOpenFiles(descriptors: Iterable<number>): void {
  const candidates = listed() ?? [...descriptors];
  if (candidates.length === 0) return;
  const libc = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  const files = candidates.filter((descriptor) => isFile(libc, descriptor));
  if (files.length === 0) return;
  const nothing = libc.open(encode("/dev/null"), O_RDWR | O_CLOEXEC);
  if (nothing < 0) throw new Error("/dev/null cannot be opened");
  try {
    for (const mapping of sharedMappings()) ownMapping(libc, mapping, files);
    for (const descriptor of files) {
      if (libc.dup3(nothing, descriptor, O_CLOEXEC) < 0) {
        throw new Error(`descriptor ${descriptor} cannot be replaced`);
      }
    }
  } finally {
    libc.close(nothing);
  }
}

/** The descriptors that lead to a path, at any number where stud's caller may have put one; undefined without /proc. */
function listed(): number[] | undefined {
  try {
    return [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => Number(name)).filter(
      (descriptor) => !HARMLESS.test(linkOf(descriptor) ?? HARMLESS_PATH),
    );
  } catch {
    return undefined;
  }
}

type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

function isFile(libc: Libc, descriptor: number): boolean {
  const status = new Uint8Array(STATX_BYTES);
  if (libc.statx(descriptor, encode(""), AT_EMPTY_PATH, STATX_TYPE, status) !== 0) return false;
  const view = new DataView(status.buffer);
  const type = view.getUint16(STX_MODE, true) & S_IFMT;
  if (type !== S_IFCHR) return FILE_TYPES.includes(type);
  const isMemory = view.getUint32(STX_RDEV_MAJOR, true) === MEMORY_DEVICES;
  return !isMemory || !HARMLESS_DEVICES.includes(view.getUint32(STX_RDEV_MAJOR + 4, true));
}

/** A writable part of this process's memory that is mapped from a file. */
interface Mapping {
  readonly start: bigint;
  readonly end: bigint;
  readonly offset: bigint;
  readonly path: string;
}

/** The mappings listed in proc_pid_maps(5); none without /proc. */
function sharedMappings(): Mapping[] {
  let text = "";
  try {
    text = Deno.readTextFileSync("/proc/self/maps");
  } catch {
    // Without /proc they are unknown.
  }
  return [...text.matchAll(SHARED)].map(([, start, end, offset, path]) => ({
    ...{ start: BigInt(`0x${start}`), end: BigInt(`0x${end}`), offset: BigInt(`0x${offset}`) },
    path: path!,
  }));
}

/** Keeps the contents, but changes no longer reach the file (mmap(2), MAP_PRIVATE). */
function ownMapping(libc: Libc, mapping: Mapping, files: readonly number[]): void {
  const { start, end, offset, path } = mapping;
  const descriptor = files.find((each) => linkOf(each) === path);
  if (descriptor === undefined) return;
  const flags = MAP_PRIVATE | MAP_FIXED;
  const at = libc.mmap(start, end - start, PROT_READ | PROT_WRITE, flags, descriptor, offset);
  if (BigInt(at) === -1n) throw new Error(`the mapping of ${path} cannot be replaced`);
}

function linkOf(descriptor: number): string | undefined {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return undefined;
  }
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`) as Uint8Array<ArrayBuffer>;
}

const HARMLESS_PATH = "/dev/null";
/** Targets without a name in the file system, as proc_pid_fd(5) writes them. */
const HARMLESS = /^(?:\/dev\/null$|\/memfd:|[a-z_]+:)/;
/** Start, end, offset and path of a shared, writable mapping. */
const SHARED = /^([0-9a-f]+)-([0-9a-f]+) rw.s ([0-9a-f]+) \S+ \d+ +(\/.*)$/gm;

// Values of the Linux ABI on x86-64 and arm64 (the same on both).
const AT_EMPTY_PATH = 0x1000;
const STATX_TYPE = 1;
const STATX_BYTES = 256;
/** offsetof(struct statx, stx_mode). */
const STX_MODE = 28;
/** offsetof(struct statx, stx_rdev_major); the minor number is behind it. */
const STX_RDEV_MAJOR = 128;
/** Linux's admin-guide/devices.txt: null, zero, full, random and urandom; a runtime may need the last one. */
const MEMORY_DEVICES = 1;
const HARMLESS_DEVICES = [3, 5, 7, 8, 9];
const S_IFMT = 0o170000;
const S_IFCHR = 0o020000;
/** Regular files, directories, disks. */
const FILE_TYPES = [0o100000, 0o040000, 0o060000];
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_PRIVATE = 2;
const MAP_FIXED = 0x10;
