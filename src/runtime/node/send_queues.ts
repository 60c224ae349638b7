/**
 * Unsent bytes that the kernel holds for sockets, from /proc: Node has no call for a single socket. One read returns
 * all sockets of the machine, and its cost grows with their number. So reads are shared, with a pause of ten times the
 * duration of the last one.
 */

import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import type { SocketAddress, SocketPair } from "../runtime.ts";

/** Reads the send queues of this machine. */
export class SendQueues {
  readonly #now: () => number;
  readonly #readFile: (path: string) => string;
  #amounts: ReadonlyMap<string, number> = new Map();
  /** Milliseconds. */
  #lookedAt = -Infinity;
  #restUntil = -Infinity;

  constructor(now = () => performance.now(), readFile = readText) {
    this.#now = now;
    this.#readFile = readFile;
  }

  /**
   * Bytes that the peer had not acknowledged at the last read. If that was none, the value is unknown until the next
   * read: then 1, so that the caller asks again.
   */
  unsent({ local, peer }: SocketPair): number {
    const now = this.#now();
    let isFresh = now <= this.#lookedAt + FRESH;
    if (now >= this.#restUntil) {
      isFresh = true;
      this.#amounts = parseSendQueues(TABLES.map(this.#readFile));
      this.#lookedAt = this.#now();
      this.#restUntil = this.#lookedAt + RESTS * (this.#lookedAt - now);
    }
    const keys = forms(local).flatMap((one) => forms(peer).map((other) => `${one} ${other}`));
    const known = keys.map((key) => this.#amounts.get(key)).find((amount) => amount !== undefined);
    return known ?? (isFresh ? 0 : 1);
  }
}

/** tx_queue of proc_pid_net(5), the value of SIOCOUTQ, for each socket that has a send queue. */
function parseSendQueues(tables: readonly string[]): Map<string, number> {
  const amounts = new Map<string, number>();
  for (const line of tables.flatMap((text) => text.trimEnd().split("\n").slice(1))) {
    const [, local = "", peer = "", , queues = ""] = line.trim().split(/\s+/);
    const amount = Number.parseInt(queues, 16);
    if (amount > 0) amounts.set(`${local} ${peer}`, amount);
  }
  return amounts;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** An address as these files write it: words in the machine's byte order; an IPv4 address also as mapped into IPv6. */
function forms({ host, port }: SocketAddress): string[] {
  const suffix = `:${hexadecimal(port, 4)}`;
  if (host.includes(":")) return [words(ipv6Octets(host)) + suffix];
  const bytes = host.split(".").map(Number);
  const mapped = [...new Array<number>(10).fill(0), 255, 255, ...bytes];
  return [words(bytes) + suffix, words(mapped) + suffix];
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

function words(bytes: readonly number[]): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) {
    const word = bytes.slice(at, at + 4);
    if (LITTLE_ENDIAN) word.reverse();
    text += word.map((byte) => hexadecimal(byte, 2)).join("");
  }
  return text;
}

function hexadecimal(number: number, digits: number): string {
  return number.toString(16).toUpperCase().padStart(digits, "0");
}

const TABLES = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
/** The pause after a read is this many times as long as the read. */
const RESTS = 10;
/** Milliseconds for which a read is fresh: for all callers of one batch. */
const FRESH = 1;
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
