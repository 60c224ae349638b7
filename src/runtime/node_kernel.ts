/**
 * What Linux tells and allows without system calls of our own: /proc, and the identity of this process. What
 * takes more than Node has is refused in words that name what can.
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import { StartupError } from "../errors.ts";
import { MOST_WAITING } from "./node_network.ts";
import type { Kernel, Privileges, SocketAddress, SocketPair } from "./runtime.ts";

/** Makes the interface to the kernel. Linux only. */
export function openNodeKernel(): Kernel {
  return {
    // Sockets get these options when they begin to listen.
    tuneListener() {},
    steer() {
      throw new StartupError(
        "Node cannot have the kernel choose the worker; stud's executable can",
      );
    },
    listeners: () => [],
    overlook() {},
    // Node's sockets reset themselves.
    reset: (pairs) => pairs.map(() => false),
    unsent,
    dropPrivileges,
    pinToCpu: () => undefined,
    // The environment of a worker says it instead.
    returnMemory() {},
    raiseDescriptorLimit,
  };
}

/** tx_queue of proc_pid_net(5), which is what SIOCOUTQ tells. */
function unsent(pairs: readonly SocketPair[]): number[] {
  if (pairs.length === 0) return [];
  const amounts = new Map<string, number>();
  for (const file of ["/proc/self/net/tcp", "/proc/self/net/tcp6"]) {
    for (const line of lines(file).slice(1)) {
      const [, local = "", peer = "", , queues = ""] = line.trim().split(/\s+/);
      const amount = Number.parseInt(queues, 16);
      if (amount > 0) amounts.set(`${local} ${peer}`, amount);
    }
  }
  return pairs.map(({ local, peer }) => {
    const keys = forms(local).flatMap((one) => forms(peer).map((other) => `${one} ${other}`));
    return keys.map((key) => amounts.get(key)).find((amount) => amount !== undefined) ?? 0;
  });
}

function lines(file: string): string[] {
  try {
    return readFileSync(file, "latin1").trimEnd().split("\n");
  } catch {
    return [];
  }
}

/** An address as these files write it: words of the machine's own order; an IPv4 one also as IPv6 maps it. */
function forms({ host, port }: SocketAddress): string[] {
  const suffix = `:${hexadecimal(port, 4)}`;
  if (host.includes(":")) return [words(ipv6Octets(host)) + suffix];
  const octets = host.split(".").map(Number);
  const mapped = [...new Array<number>(10).fill(0), 255, 255, ...octets];
  return [words(octets) + suffix, words(mapped) + suffix];
}

function ipv6Octets(host: string): number[] {
  const [head = "", tail] = host.replace(/%.*/, "").split("::");
  const groups = (part: string) =>
    part === "" ? [] : part.split(":").map((text) => parseInt(text, 16));
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const zeros = new Array<number>(Math.max(0, 8 - front.length - back.length)).fill(0);
  return [...front, ...zeros, ...back].flatMap((group) => [group >> 8, group & 255]);
}

function words(octets: readonly number[]): string {
  let text = "";
  for (let at = 0; at < octets.length; at += 4) {
    const word = octets.slice(at, at + 4);
    if (LITTLE_ENDIAN) word.reverse();
    text += word.map((octet) => hexadecimal(octet, 2)).join("");
  }
  return text;
}

function hexadecimal(number: number, digits: number): string {
  return number.toString(16).toUpperCase().padStart(digits, "0");
}

function dropPrivileges({ chroot, uid, gid }: Privileges): void {
  if (chroot !== undefined) {
    throw new StartupError("--chroot: Node cannot change its root; stud's executable can");
  }
  if (uid === undefined && gid === undefined) return;
  try {
    process.setgroups!([]);
    if (gid !== undefined) process.setgid!(gid);
    if (uid !== undefined) process.setuid!(uid);
  } catch (error) {
    const { message } = error as Error;
    throw new StartupError(`--user, --group: cannot change them: ${message}`, { cause: error });
  }
}

/** Node has raised it at its start; some of them are for clients that wait to be served. */
function raiseDescriptorLimit(): number {
  const line = lines("/proc/self/limits").find((text) => text.startsWith("Max open files"));
  const soft = Number(line?.trim().split(/\s{2,}/)[1]);
  return Number.isFinite(soft) ? Math.max(1, soft - MOST_WAITING) : 0;
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
