/** What processes use, from proc(5): processor time and memory. Elsewhere nothing is known. */

import type { Files } from "../runtime/runtime.ts";
import { parseThreadStat } from "../wire/thread_activity.ts";
import type { ProcessUse } from "./status.ts";

/** Measures processes. The share of a processor needs two looks at a process, some time apart. */
export class ProcessUses {
  readonly #files: Pick<Files, "readText">;
  /** By process id. */
  #looks = new Map<number, Looks>();

  constructor(files: Pick<Files, "readText">) {
    this.#files = files;
  }

  /** Looks at these processes, at a time in milliseconds of a monotonic clock, and forgets all others. */
  async look(pids: readonly number[], now: number): Promise<void> {
    const next = new Map<number, Looks>();
    for (const pid of pids) {
      const last = { ...await this.#read(pid), now };
      const { from, next: later } = this.#looks.get(pid) ?? { from: last, next: last };
      // Ticks are hundredths of a second, so looks that follow at once tell no share.
      const isTime = now - later.now >= SHARE_TIME;
      next.set(pid, { last, from: isTime ? later : from, next: isTime ? last : later });
    }
    this.#looks = next;
  }

  /** What the last look has found. */
  of(pid: number): ProcessUse {
    const looks = this.#looks.get(pid);
    if (looks === undefined) return { pid, cpuSeconds: null, cpuShare: null, memory: null };
    const { from, last: { cpuSeconds, memory, now } } = looks;
    const elapsed = (now - from.now) / 1_000;
    const isKnown = cpuSeconds !== null && from.cpuSeconds !== null && elapsed > 0;
    const cpuShare = isKnown
      ? Math.round((cpuSeconds - from.cpuSeconds!) / elapsed * 1_000) / 1_000
      : null;
    return { pid, cpuSeconds, cpuShare, memory };
  }

  async #read(pid: number): Promise<Omit<Look, "now">> {
    try {
      const [stat, status] = await Promise.all([
        this.#files.readText(`/proc/${pid}/stat`),
        this.#files.readText(`/proc/${pid}/status`),
      ]);
      const time = parseThreadStat(stat)?.processorTime;
      const kibibytes = /^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1];
      return {
        cpuSeconds: time === undefined ? null : time / 1_000,
        memory: kibibytes === undefined ? null : Number(kibibytes) * 1_024,
      };
    } catch {
      return { cpuSeconds: null, memory: null };
    }
  }
}

interface Look {
  readonly cpuSeconds: number | null;
  readonly memory: number | null;
  readonly now: number;
}

interface Looks {
  readonly last: Look;
  /** The share is of the time since then. */
  readonly from: Look;
  /** The one that `from` will be. */
  readonly next: Look;
}

/** Milliseconds; a share is of this time or up to twice of it. */
const SHARE_TIME = 5_000;
