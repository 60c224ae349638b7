/** Octets whose every loss, repetition or exchange is noticed, for transfers too large to keep. */

import { Buffer } from "node:buffer";
import { writeAll } from "./backend.ts";
import { pause, within } from "./eventually.ts";

/** The pattern repeats after a prime number of octets, so that no buffer's size divides it. */
const PERIOD = 1_048_573;
/** The pattern, and enough of its repetition to cut any piece out of it. */
const PATTERN = Buffer.alloc(2 * PERIOD);
crypto.getRandomValues(PATTERN.subarray(0, 65_536));
for (let filled = 65_536; filled < PERIOD; filled++) {
  PATTERN[filled] = (PATTERN[filled - 65_536]! + (filled >> 16) * 37) & 0xff;
}
PATTERN.copyWithin(PERIOD, 0, PERIOD);

/** Writes so many octets of the pattern. `progress` is told how many have been taken so far. */
export async function writePattern(
  to: { write(bytes: Uint8Array): Promise<number> | number },
  total: number,
  progress: (bytes: number) => void = () => {},
): Promise<void> {
  for (let sent = 0; sent < total;) {
    const from = sent % PERIOD;
    const count = Math.min(256 << 10, total - sent);
    await writeAll(to, PATTERN.subarray(from, from + count));
    sent += count;
    progress(sent);
  }
}

/** How a reader takes the pattern. */
export interface PatternReading {
  /** Octets after each of which the reader rests. */
  readonly every?: number;
  /** Milliseconds of each rest. */
  readonly rest?: number;
}

/** Reads to the orderly end and checks every octet; returns how many came. */
export async function readPattern(
  from: { read(into: Uint8Array): number | null | Promise<number | null> },
  { every = Infinity, rest = 0 }: PatternReading = {},
): Promise<number> {
  const bytes = new Uint8Array(128 << 10);
  let got = 0;
  for (let next = every;;) {
    const count = await within(30_000, `octets after ${got}`, from.read(bytes));
    if (count === null) return got;
    const place = got % PERIOD;
    if (Buffer.compare(bytes.subarray(0, count), PATTERN.subarray(place, place + count)) !== 0) {
      throw new Error(`wrong octets between ${got} and ${got + count}`);
    }
    got += count;
    if (got < next) continue;
    next += every;
    await pause(rest);
  }
}
