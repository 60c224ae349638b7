/**
 * Announces to other processes which addresses this process serves, as locks (fcntl(2)) on an unnamed file. No process
 * can announce anything for another one. Reading an announcement needs no right to inspect the process: once it is not
 * dumpable (prctl(2)), its descriptors are hidden from its own user too. /proc/locks shows everyone which process has a
 * lock, and its offset in the file; the offset encodes the address. The locks end with the process.
 */

import { formatSocketAddress } from "../../wire/ip_address.ts";
import type { SocketAddress } from "../../wire/preface.ts";
import { sha256 } from "../../wire/sha256.ts";

const SYMBOLS = {
  fcntl: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
} as const;

let file: { readonly fcntl: Fcntl; readonly descriptor: number } | undefined;

type Fcntl = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"]["fcntl"];

/** Announces that this process serves exactly these addresses. Does nothing where that is not possible. */
export function announce(addresses: readonly SocketAddress[]): void {
  try {
    file ??= openFile();
  } catch {
    return; // Foreign functions, or such files, are not allowed.
  }
  const { fcntl, descriptor } = file;
  fcntl(descriptor, F_SETLK, lock(F_UNLCK, 0n, 0n));
  for (const address of addresses) {
    fcntl(descriptor, F_SETLK, lock(F_WRLCK, announcedOffset(address), 1n));
  }
}

/**
 * The offset for an address in such a file, as /proc/locks shows it. It is different in each network of the machine.
 */
export function announcedOffset(address: SocketAddress): bigint {
  const network = Deno.readLinkSync("/proc/self/ns/net");
  const digest = sha256(`stud serves ${formatSocketAddress(address)} in ${network}`);
  // The result is positive as an off_t, and so is the offset after it.
  return new DataView(digest.buffer).getBigUint64(0) >> 2n;
}

function openFile() {
  const { fcntl, memfd_create } = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  const descriptor = memfd_create(new TextEncoder().encode("stud\0"), MFD_CLOEXEC);
  if (descriptor < 0) throw new Error("memfd_create");
  return { fcntl, descriptor };
}

/** struct flock of 64-bit machines: type, whence (the beginning), start, length. */
function lock(type: number, start: bigint, length: bigint): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FLOCK_BYTES);
  const view = new DataView(bytes.buffer);
  view.setInt16(0, type, true);
  view.setBigInt64(8, start, true);
  view.setBigInt64(16, length, true);
  return bytes;
}

// Values of the Linux ABI on x86-64 and arm64 (the same on both).
const F_SETLK = 6;
const F_WRLCK = 1;
const F_UNLCK = 2;
const FLOCK_BYTES = 32;
const MFD_CLOEXEC = 1;
