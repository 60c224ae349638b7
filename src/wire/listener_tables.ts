/** Parses the kernel's tables of TCP sockets: /proc/net/tcp and /proc/net/tcp6 (proc_pid_net(5)). */

import { parseIpAddress } from "./ip_address.ts";
import type { SocketAddress } from "./preface.ts";

/**
 * How many sockets listen on exactly this address, from the text of the table for its family. Tables use the byte order
 * of the machine, which is little-endian wherever stud runs.
 */
export function countListeners(table: string, { host, port }: SocketAddress): number {
  const local = localText({ host, port });
  return listening(table).filter((one) => one === local).length;
}

/**
 * Whether the beginning of a table has all listening sockets of it: the kernel lists them first. All connections of the
 * machine follow, perhaps a hundred thousand lines.
 */
export function hasAllListeners(beginning: string): boolean {
  return OTHER_SOCKET.test(beginning);
}

/** The two tables of a machine; an empty text for a missing table. */
export interface ListenerTables {
  readonly ipv4: string;
  readonly ipv6: string;
}

/**
 * The address of a listening socket that would compete with one on this address for connections: on the same address,
 * on every address, or, if this one is every address, on any. Undefined if there is none.
 */
export function listenerOn(
  tables: ListenerTables,
  address: SocketAddress,
): SocketAddress | undefined {
  const { host, port } = address;
  const isIpv6 = host.includes(":");
  const hosts = [host, ...isIpv6 ? ["::"] : ["0.0.0.0", "::"]];
  const ipv4 = listening(tables.ipv4);
  const ipv6 = listening(tables.ipv6);
  const all = [...ipv4, ...ipv6];
  const exact = hosts.find((one) => all.includes(localText({ host: one, port })));
  if (exact !== undefined) return { host: exact, port };
  // A socket for every IPv6 address usually accepts IPv4 clients too.
  const within = host === "::" ? all : host === "0.0.0.0" ? ipv4 : [];
  const some = within.some((one) => one.endsWith(`:${hexadecimal(port, 4)}`));
  return some ? address : undefined;
}

/** The local addresses of the listening sockets, in the table's format. */
function listening(table: string): string[] {
  return table.split("\n").flatMap((line) => {
    const [, local = "", , state] = line.trim().split(/\s+/);
    return state === LISTEN ? [local] : [];
  });
}

function localText({ host, port }: SocketAddress): string {
  const bytes = [...parseIpAddress(host)].map((byte) => hexadecimal(byte, 2));
  const words = bytes.map((_, index) => bytes[(index & ~3) + 3 - (index & 3)]);
  return `${words.join("")}:${hexadecimal(port, 4)}`;
}

function hexadecimal(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, "0");
}

/** The line of a socket that does not listen. */
const OTHER_SOCKET = /^ *\d+: \S+ \S+ (?!0A )\S+ /m;
/** TCP_LISTEN of linux/tcp_states.h. */
const LISTEN = "0A";
