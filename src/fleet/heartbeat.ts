/**
 * Notices a worker that hangs: asks it for a sign of life several times within its limit, and reports it only if it
 * could have answered. A chance counts as missed only if the supervisor itself ran in time, so a suspended machine or a
 * stopped supervisor ends no worker. The kernel's view of the worker separates one that hangs from one that waits for a
 * processor or for its memory to come back from disk.
 */

import type { Clock, Files } from "../runtime/runtime.ts";
import { parseThreadStat, type ThreadActivity } from "../wire/thread_activity.ts";

/** What a heartbeat needs of its worker. */
export interface HeartbeatOptions {
  readonly clock: Pick<Clock, "now" | "after">;
  /** Asks the worker for a sign of life. */
  readonly ask: () => void;
  /** What its main thread does now; undefined where that is unknown. */
  readonly observe: () => Promise<ThreadActivity | undefined>;
  /** Called once, with the seconds that it has been silent. */
  readonly onHang: (seconds: number) => void;
}

/** Watches over one worker from its start to its end. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  /** Milliseconds that silence may last; 0: no limit. */
  #limit = 0;
  #cancel: () => void = () => {};
  /** It is in the middle of work during which it answers nothing: its start, or a new configuration. */
  #busy = true;
  #heard = 0;
  /** Asked, and silent since then. */
  #asked = false;
  /** Chances in a row that it missed though it could have answered. */
  #missed = 0;
  /** Chances in a row without an answer, for any reason. */
  #silent = 0;
  #before: ThreadActivity | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Watches from now on. Silence may last this many seconds; 0: forever. */
  use(seconds: number): void {
    const limit = seconds * 1_000;
    if (limit === this.#limit) return;
    this.stop();
    this.#limit = limit;
    if (limit === 0) return;
    this.heard();
    this.#wait(limit / 2);
  }

  /** Called when it has said something. */
  heard(): void {
    this.#heard = this.#options.clock.now();
    this.#asked = false;
    this.#missed = 0;
    this.#silent = 0;
    this.#before = undefined;
  }

  /** Set while it does work during which it may be silent for a minute, as long as it uses the processor. */
  set busy(busy: boolean) {
    this.#busy = busy;
  }

  /** Stops watching. */
  stop(): void {
    this.#cancel();
    this.#limit = 0;
  }

  /** Milliseconds of a chance: it is asked after half of its limit, and has the other half to answer. */
  get #chance(): number {
    return this.#limit / 2 / CHANCES;
  }

  #wait(milliseconds: number): void {
    const { clock } = this.#options;
    const due = clock.now() + milliseconds;
    this.#cancel = clock.after(milliseconds, () => {
      void this.#look(clock.now() - due < this.#chance);
    });
  }

  async #look(ranInTime: boolean): Promise<void> {
    const { clock, ask, observe, onHang } = this.#options;
    if (!this.#asked) {
      const left = this.#heard + this.#limit / 2 - clock.now();
      if (left > 0) return this.#wait(left);
      this.#asked = true;
      this.#wait(this.#chance);
      return ask();
    }
    this.#wait(this.#chance);
    if (!ranInTime) return;
    const limit = this.#limit;
    const now = await observe();
    if (!this.#asked || this.#limit !== limit) return;
    this.#silent++;
    if (this.#isToBlame(now)) this.#missed++;
    this.#before = now;
    const silence = this.#silent * this.#chance + limit / 2;
    if (this.#missed < CHANCES && silence < LONGEST_SILENCE) return;
    this.stop();
    onHang(Math.round(silence / 100) / 10);
  }

  /** Whether it could have answered by now. */
  #isToBlame(now: ThreadActivity | undefined): boolean {
    // Stopped by a debugger or SIGSTOP: its work does not go on.
    if (now?.state === "stopped") return true;
    if (this.#busy) return false;
    if (now === undefined || this.#before === undefined || now.state === "sleeping") return true;
    const ran = now.processorTime - this.#before.processorTime;
    return ran >= ENOUGH * this.#chance;
  }
}

/** What the main thread of a process does; undefined where that cannot be seen, as outside Linux. */
export async function mainThread(
  files: Pick<Files, "readText">,
  pid: number,
): Promise<ThreadActivity | undefined> {
  try {
    return parseThreadStat(await files.readText(`/proc/${pid}/task/${pid}/stat`));
  } catch {
    return undefined;
  }
}

/** Chances to answer. */
const CHANCES = 4;
/** Milliseconds of silence that are too long for any reason. */
const LONGEST_SILENCE = 60_000;
/** The share of a processor that a worker which is ready to run must use. */
const ENOUGH = 0.2;
