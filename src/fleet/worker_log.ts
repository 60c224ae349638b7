/**
 * The log lines of one worker: each starts with the worker's number and is escaped by the log itself. Their rate is
 * limited, to leave room for the lines of other workers. Lines left out are counted.
 */

import { counted } from "../counted.ts";
import type { WorkerEvent } from "../control/messages.ts";
import type { Logger } from "../log/log.ts";
import type { Clock } from "../runtime/runtime.ts";
import { Allowance } from "./allowance.ts";

/** Writes a worker's lines into the log. */
export class WorkerLog {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #index: number;
  readonly #pid: number;
  readonly #allowance: Allowance;
  #leftOut = 0;
  #cancel: () => void = () => {};

  constructor(log: Logger, clock: Clock, { index, pid }: { index: number; pid: number }) {
    this.#log = log;
    this.#clock = clock;
    this.#index = index;
    this.#pid = pid;
    this.#allowance = new Allowance(clock, LINES_A_SECOND, LINES_AT_ONCE);
  }

  /** Writes a line, or counts it. */
  write({ level, text, event, fields }: WorkerLine): void {
    if (this.#leftOut === 0 && this.#allowance.takeIfThere(1)) {
      const index = this.#index;
      // What the worker says about itself is not believed.
      const own = { worker: index, pid: this.#pid };
      this.#log[level]("worker {index}: {text}", { index, text }, {
        event,
        fields: { text: undefined, ...own, ...fields, ...own },
      });
      return;
    }
    if (this.#leftOut++ === 0) this.#cancel = this.#clock.after(PERIOD, () => this.tellLeftOut());
  }

  /** Reports now how many lines have been left out, if any. */
  tellLeftOut(): void {
    this.#cancel();
    const count = this.#leftOut;
    if (count === 0) return;
    this.#leftOut = 0;
    this.#log.warning(
      "worker {index}: {lines} lost: more than {limit} per second",
      { index: this.#index, lines: counted(count, "log line"), limit: LINES_A_SECOND },
      { fields: { lines: undefined, pid: this.#pid, count } },
    );
  }
}

type WorkerLine = Omit<Extract<WorkerEvent, { readonly type: "log" }>, "type">;

const LINES_A_SECOND = 1_000;
/** Less than the log's own queue holds. */
const LINES_AT_ONCE = 3_000;
/** Milliseconds for which lines are left out after there were too many. */
const PERIOD = 1_000;
