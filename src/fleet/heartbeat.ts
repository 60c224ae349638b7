/**
 * Notices a worker that hangs: asks it for a sign of life several times within its time, and gives it up only if it
 * could have answered. A chance counts as missed only if the supervisor itself ran in time, so that a machine that was
 * suspended, or a supervisor that was stopped, ends no worker. What the kernel tells of the worker decides between one
 * that hangs and one that waits for a processor or for its memory to come back from disk.
 */

import type { Clock, Files } from "../runtime/runtime.ts";
import { parseThreadStat, type ThreadActivity } from "../wire/thread_activity.ts";

/** What a heartbeat needs of its worker. */
export interface HeartbeatOptions {
  readonly clock: Pick<Clock, "now" | "after">;
  /** Asks the worker for a sign of life. */
  readonly ask: () => void;
  /** What its main thread does now; undefined where nobody can tell. */
  readonly observe: () => Promise<ThreadActivity | undefined>;
  /** Called once: it has been silent for so many seconds. */
  readonly onHang: (seconds: number) => void;
}

/** Watches over one worker from its start to its end. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  /** Milliseconds that silence may last; 0: nobody watches. */
  #limit = 0;
  #cancel: () => void = () => {};
  /** It is in the middle of something during which it answers nothing: its start, or a new configuration. */
  #busy = true;
  #heard = 0;
  /** Asked, and silent since. */
  #asked = false;
  /** Chances in a row that it has missed. */
  #missed = 0;
  /** The same, whatever the reason was. */
  #silent = 0;
  #before: ThreadActivity | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Watches from now on: silence may last so many seconds; 0: for ever. */
  use(seconds: number): void {
    const limit = seconds * 1_000;
    if (limit === this.#limit) return;
    this.stop();
    this.#limit = limit;
    if (limit === 0) return;
    this.heard();
    this.#wait(limit / 2);
  }

  /** It has said something. */
  heard(): void {
    this.#heard = this.#options.clock.now();
    this.#asked = false;
    this.#missed = 0;
    this.#silent = 0;
    this.#before = undefined;
  }

  /** It begins, or is done with, something during which it may be silent for a minute as long as it works. */
  set busy(busy: boolean) {
    this.#busy = busy;
  }

  /** Watches no more. */
  stop(): void {
    this.#cancel();
    this.#limit = 0;
  }

  /** Milliseconds of a chance: it is asked when half of its time is over, and has the other half to answer. */
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
    // Under a debugger, or by SIGSTOP: whatever it was in the middle of does not go on.
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
/** Milliseconds that are too long whatever the reason is. */
const LONGEST_SILENCE = 60_000;
/** The part of a processor with which a worker that is ready to run must get on. */
const ENOUGH = 0.2;
