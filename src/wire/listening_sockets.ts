/** Reads the kernel's tables of TCP sockets: /proc/net/tcp and /proc/net/tcp6 (proc_pid_net(5)). */

import { parseIpAddress } from "./ip_address.ts";
import type { SocketAddress } from "./preface.ts";

/**
 * How many sockets listen on exactly this address, in the text of the table for its family. Tables are written
 * in the octet order of the machine, which is little-endian wherever stud runs.
 */
export function countListeners(table: string, { host, port }: SocketAddress): number {
  const octets = [...parseIpAddress(host)].map((octet) => hexadecimal(octet, 2));
  const words = octets.map((_, place) => octets[(place & ~3) + 3 - (place & 3)]);
  const local = `${words.join("")}:${hexadecimal(port, 4)}`;
  return table.split("\n").filter((line) => {
    const [, itsLocal, , state] = line.trim().split(/\s+/);
    return itsLocal === local && state === LISTEN;
  }).length;
}

function hexadecimal(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, "0");
}

/** TCP_LISTEN of linux/tcp_states.h. */
const LISTEN = "0A";
