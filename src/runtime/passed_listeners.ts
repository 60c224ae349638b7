/**
 * The listening TCP sockets of this process as Linux shows them in /proc: which descriptor listens where. The same
 * under Deno and Node, without system calls of our own.
 */

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { SocketAddress } from "../wire/preface.ts";

/** A listening socket. */
export interface ListeningSocket {
  readonly address: SocketAddress;
  /** The number of the socket itself, as in the links of /proc/self/fd. */
  readonly inode: string;
}

/** The address that a descriptor listens on; undefined if it is not a listening TCP socket. */
export function listeningAddress(descriptor: number): SocketAddress | undefined {
  const inode = inodeOf(descriptor);
  return listeningSockets().find((socket) => socket.inode === inode)?.address;
}

/** The descriptor of this process that listens on an address; undefined if none does. */
export function listeningDescriptor({ host, port }: SocketAddress): number | undefined {
  const inodes = listeningSockets()
    .filter(({ address }) => address.host === host && address.port === port)
    .map(({ inode }) => inode);
  return readdirSync("/proc/self/fd").map(Number).find((descriptor) =>
    inodes.includes(inodeOf(descriptor) ?? "none")
  );
}

function inodeOf(descriptor: number): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${descriptor}`))?.[1];
  } catch {
    return undefined;
  }
}

/** All listening TCP sockets of this process's network, of any owner. */
export function listeningSockets(): ListeningSocket[] {
  return ["tcp", "tcp6"].flatMap((name) => {
    try {
      return parseListeningSockets(readFileSync(`/proc/self/net/${name}`, "latin1"));
    } catch {
      return []; // A kernel without IPv6 has only one of the files.
    }
  });
}

/** Parses the listening sockets in /proc/net/tcp or /proc/net/tcp6: proc_pid_net(5). */
export function parseListeningSockets(text: string): ListeningSocket[] {
  return text.split("\n").slice(1).flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    if (state !== LISTEN || local === undefined || inode === undefined) return [];
    const [host = "", port = ""] = local.split(":");
    return [{ address: { host: hostOf(host), port: parseInt(port, 16) }, inode }];
  });
}

/** Words in the machine's byte order, which is little-endian on all platforms here. */
function hostOf(words: string): string {
  const bytes = (words.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((byte) => parseInt(byte, 16))
  );
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from(
    { length: 8 },
    (_, at) => ((bytes[2 * at] ?? 0) << 8 | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]/`).hostname.slice(1, -1);
}

/** TCP_LISTEN of linux/tcp_states.h. */
const LISTEN = "0A";
