/** Looks for a private key in the memory of another process, as root may. Linux only. */

import { Buffer } from "node:buffer";
import { createPrivateKey } from "node:crypto";

/** How often a key is in a process. */
export interface KeyCopies {
  /** Its PEM text, by a line of it that is long enough to be nobody else's; as UTF-16 too. */
  readonly text: number;
  /** The number that is secret, without which no library can sign; in either order of its bytes. */
  readonly number: number;
}

/** Counts the copies of a private key (PEM text) in all memory that a process can write to. */
export async function keyCopies(pid: number, pem: string): Promise<KeyCopies> {
  const lines = pem.slice(pem.indexOf("PRIVATE KEY-----\n")).split("\n");
  const line = lines[2]!.length > 40 ? lines[2]! : lines[1]!;
  const { d } = createPrivateKey(pem.slice(pem.search(/-----BEGIN [A-Z ]*PRIVATE KEY/)))
    .export({ format: "jwk" });
  const secret = Buffer.from(d!, "base64url");
  const texts = [Buffer.from(line), Buffer.from(line, "utf16le")];
  const numbers = [secret, Buffer.from(secret).reverse()];
  const counts = await count(pid, [...texts, ...numbers]);
  return { text: counts[0]! + counts[1]!, number: counts[2]! + counts[3]! };
}

async function count(pid: number, needles: readonly Buffer[]): Promise<number[]> {
  const counts = needles.map(() => 0);
  // Text that has a character for each byte is searched many times faster than bytes are.
  const texts = needles.map((needle) => decoder.decode(needle));
  const overlap = Math.max(...needles.map(({ length }) => length)) - 1;
  using memory = await Deno.open(`/proc/${pid}/mem`);
  const piece = new Uint8Array(PIECE + overlap);
  using pages = await Deno.open(`/proc/${pid}/pagemap`);
  for (const { start, end } of writable(pid).flatMap((range) => [...used(pages, range)])) {
    for (let at = start; at < end; at += PIECE) {
      const length = read(memory, at, piece.subarray(0, end - at));
      const text = decoder.decode(piece.subarray(0, length));
      texts.forEach((needle, which) => {
        for (let found = -1; (found = text.indexOf(needle, found + 1)) >= 0;) {
          // What begins in the overlap is counted with the next piece.
          if (found < PIECE) counts[which]!++;
        }
      });
    }
  }
  return counts;
}

const decoder = new TextDecoder("latin1");

/** A part of the memory, by addresses. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** The parts of a range that have pages, in memory or swapped out; most of what is reserved has none. */
function* used(pages: Deno.FsFile, { start, end }: Range): Generator<Range> {
  const entries = new BigUint64Array((end - start) / PAGE);
  const length = read(pages, start / PAGE * ENTRY, new Uint8Array(entries.buffer));
  let from: number | undefined;
  for (let index = 0; index <= length / ENTRY; index++) {
    const isUsed = ((entries[index] ?? 0n) & PRESENT_OR_SWAPPED) !== 0n;
    const at = start + index * PAGE;
    if (isUsed) from ??= at;
    else if (from !== undefined) {
      yield { start: from, end: at };
      from = undefined;
    }
  }
}

function writable(pid: number): Range[] {
  return Deno.readTextFileSync(`/proc/${pid}/maps`).split("\n").flatMap((line) => {
    const match = /^([0-9a-f]+)-([0-9a-f]+) rw.. .*?(\[v\w+\])?$/.exec(line);
    if (match === null || match[3] !== undefined) return [];
    return [{ start: parseInt(match[1]!, 16), end: parseInt(match[2]!, 16) }];
  });
}

/** How much could be read: what is there no more, or may not be read, cannot. */
function read(memory: Deno.FsFile, at: number, into: Uint8Array): number {
  try {
    memory.seekSync(BigInt(at), Deno.SeekMode.Start);
    let filled = 0;
    while (filled < into.length) {
      const length = memory.readSync(into.subarray(filled)) ?? 0;
      if (length === 0) break;
      filled += length;
    }
    return filled;
  } catch {
    return 0;
  }
}

const PIECE = 1 << 20;
/** Bytes of a page, and of its entry in /proc/PID/pagemap, which has two bits for where it is: proc(5). */
const PAGE = 4096;
const ENTRY = 8;
const PRESENT_OR_SWAPPED = 3n << 62n;
