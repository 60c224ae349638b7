/** Time, the same under Deno and Node. */

import type { Clock } from "./runtime.ts";

/** A global of both; importing it from node:timers would add 10 ms to a worker's start. */
declare function setImmediate(callback: () => void): unknown;

/** The clock of this process. */
export const clock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};
