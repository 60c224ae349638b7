/** Where the supervisor writes the access log: a file of its own, standard output, or the log daemon. */

import { counted } from "../counted.ts";
import { StartupError } from "../errors.ts";
import { pause, type Runtime } from "../runtime/runtime.ts";
import type { Logger, Outputs } from "./log.ts";
import { LogFile } from "./log_file.ts";
import { Syslog } from "./syslog.ts";

/** Accepts finished lines. */
export interface AccessOutput {
  write(lines: readonly string[]): void;
  /** Opens the file again if its path names another one. */
  reopen(): void;
  /** Waits until everything is written, but only for a moment. */
  flushed(): Promise<void>;
}

/** Options of {@linkcode openAccessOutput}. */
export interface AccessOutputOptions {
  /** The outputs that `-` writes to. */
  readonly outputs: Pick<Outputs, "plain">;
  /** Logs errors and lost lines. */
  readonly log: Logger;
  /** Of the lines for the log daemon. */
  readonly facility: string;
}

/** Opens a file, standard output for `-`, or the log daemon for `syslog:`. Rejects with {@linkcode StartupError}. */
export async function openAccessOutput(
  path: string,
  runtime: Runtime,
  { outputs, log, facility }: AccessOutputOptions,
): Promise<AccessOutput> {
  if (path === "syslog:") return openSyslog(path, runtime, { log, facility });
  if (path === "-") {
    return {
      write: (lines) => outputs.plain(lines),
      reopen() {},
      flushed: () => Promise.resolve(),
    };
  }
  const file = await openFile(path, runtime);
  file.onTrouble = (reason) =>
    log.error("--access-log: cannot reopen the file, keeping the old one: {reason}", { reason });
  file.onFailure = (reason) =>
    log.error("--access-log {path}: cannot write: {reason}", { path, reason });
  file.onLoss = (lost) => reportLoss(log, path, lost);
  return {
    write: (lines) => lines.forEach((line) => file.push(line)),
    reopen: () => void file.reopen(),
    flushed: () => Promise.race([file.flushed(), pause(runtime.clock, FLUSH_LIMIT)]),
  };
}

function openSyslog(
  path: string,
  runtime: Runtime,
  { log, facility }: Pick<AccessOutputOptions, "log" | "facility">,
): AccessOutput {
  const syslog = new Syslog(runtime, {
    ...{ facility, identity: "stud-access", max: 10_000 },
    onAway: (reason) =>
      log.warning("--access-log {path} no log daemon is running, lines wait for it: {reason}", {
        path,
        reason,
      }),
    onLoss: (lost) => reportLoss(log, path, lost),
  });
  return {
    write: (lines) => lines.forEach((line) => syslog.sendLine("info", line)),
    reopen() {},
    flushed: () => Promise.race([syslog.flushed(), pause(runtime.clock, FLUSH_LIMIT)]),
  };
}

function reportLoss(log: Logger, path: string, lost: number): void {
  log.warning("--access-log {path}: {lines} lost", { path, lines: counted(lost, "line") }, {
    fields: { lines: undefined, count: lost },
  });
}

async function openFile(path: string, runtime: Runtime): Promise<LogFile> {
  try {
    return await LogFile.open(runtime, path);
  } catch (error) {
    throw new StartupError(`--access-log ${(error as Error).message}`, { cause: error });
  }
}

/** Milliseconds. */
const FLUSH_LIMIT = 1_000;
