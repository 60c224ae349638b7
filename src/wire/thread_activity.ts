/** What a thread of another process is doing, from Linux's `/proc/PID/task/TID/stat` (proc_pid_stat(5)). */

/** A thread at one moment. */
export interface ThreadActivity {
  /** `waiting`: ready to run, or waiting for a disk; the thread does not cause this itself. */
  readonly state: "stopped" | "sleeping" | "waiting";
  /** Milliseconds of processor time used so far. */
  readonly processorTime: number;
}

/** Parses such a file; undefined if it is malformed. */
export function parseThreadStat(text: string): ThreadActivity | undefined {
  // The second field is the thread's name, which may contain anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).trimEnd().split(" ");
  const [state] = fields;
  const ticks = Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME]);
  if (state === undefined || !Number.isFinite(ticks)) return undefined;
  const kind = /[Tt]/.test(state) ? "stopped" : /[RD]/.test(state) ? "waiting" : "sleeping";
  return { state: kind, processorTime: ticks * MILLISECONDS_OF_TICK };
}

/** Indexes of utime and stime after the name, from 0. */
const USER_TIME = 11;
const SYSTEM_TIME = 12;
/** USER_HZ is 100 on every architecture that stud runs on. */
const MILLISECONDS_OF_TICK = 10;
