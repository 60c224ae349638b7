/**
 * Reserves a port for this process's user while nothing listens there, with a socket that is bound and never listens.
 * Workers of the same user share the port as usual (SO_REUSEPORT). Another user's process is refused, even between the
 * death of all workers and the start of new ones.
 */

import { SO_REUSEADDR, SO_REUSEPORT, SOCK_CLOEXEC, SOCK_STREAM, SOL_SOCKET } from "./abi.ts";
import type { SocketAddress } from "../../wire/preface.ts";
import { encodeAddress } from "./socket_address.ts";

const SYMBOLS = {
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
} as const;

let libc: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] | undefined;

/** `Network.reserve`. */
export function reserve(address: SocketAddress): { close(): void } | undefined {
  try {
    libc ??= Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  } catch {
    return undefined; // Foreign functions are not allowed.
  }
  const { bind, close, setsockopt, socket } = libc;
  const name = encodeAddress(address);
  const descriptor = socket(name[0]!, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const set = (option: number, value: number) =>
    setsockopt(descriptor, SOL_SOCKET, option, new Int32Array([value]), 4) === 0;
  // Connections of an earlier server may still be on the port, which needs SO_REUSEADDR. Once this socket is bound,
  // every other listener must be compatible with it; with SO_REUSEADDR alone, every user's would be.
  const isBound = descriptor >= 0 && set(SO_REUSEADDR, 1) && set(SO_REUSEPORT, 1) &&
    bind(descriptor, name, name.length) === 0 && set(SO_REUSEADDR, 0);
  if (isBound) return { close: () => void close(descriptor) };
  if (descriptor >= 0) close(descriptor);
  return undefined;
}
