/**
 * What a long-running program needs from its platform: a log file, a pidfile, running in the background, and the
 * service manager's variables, sockets and notifications.
 */

import type { StartupError } from "../errors.ts";
import type { SocketAddress } from "../wire/preface.ts";

/** The program as a service of its machine. Paths may be relative. */
export interface Service {
  /** The absolute path, which stays valid when the process changes its directory. */
  absolute(path: string): string;
  /** What is at a path, symbolic links followed; undefined if nothing is, or if it cannot be seen. */
  kindOf(path: string): Promise<"file" | "socket" | "directory" | "other" | undefined>;
  /** The terminal that shows standard output and whose keys this process reads; undefined if it has none. */
  openTerminal(): Promise<Terminal | undefined>;
  /**
   * Opens a file for appending lines, created with mode 0640. Rejects with {@linkcode StartupError}: path and cause.
   */
  openLog(path: string): Promise<LogHandle>;
  /** Rejects as {@linkcode Service.openLog} would, as far as can be known without opening or creating a file. */
  checkLog(path: string): Promise<void>;
  /** Replaces the contents of a file. Rejects with {@linkcode StartupError}: path and cause. */
  writeText(path: string, text: string): Promise<void>;
  /**
   * Writes this process's id to a file, mode 0644. The file belongs to this process until it is released or the process
   * ends, even by a crash. Rejects with {@linkcode StartupError}: the path, and the process that holds it.
   */
  claimPidFile(path: string): Promise<PidFile>;
  /**
   * Rejects as {@linkcode Service.claimPidFile} would, as far as can be known without creating a file or keeping a
   * lock. A file held by another process is returned instead.
   */
  checkPidFile(path: string): Promise<HeldPidFile | undefined>;
  /** Returns an environment variable and removes it: children do not inherit it. */
  takeVariable(name: string): string | undefined;
  /**
   * Starts this program again with the same arguments, in a new session (setsid(2)) and with standard streams on
   * /dev/null, and passes it one line of text. Rejects with {@linkcode StartupError}.
   */
  startDaemon(handover: string): Promise<Daemon>;
  /**
   * In a process that {@linkcode Service.startDaemon} has started: changes to the directory `/` (relative paths keep
   * their meaning) and returns its starter. Undefined in any other process.
   */
  joinStarter(): Promise<Starter | undefined>;
  /**
   * Sends a text to the service manager's socket (sd_notify(3)), a path or `@NAME`. Rejects with the reason within a
   * second.
   */
  notify(socket: string, text: string): Promise<void>;
  /** CLOCK_MONOTONIC in microseconds (clock_gettime(2)). */
  monotonicMicroseconds(): bigint;
  /** The address that an inherited descriptor listens on; undefined if it is not a listening TCP socket. */
  listeningAddress(descriptor: number): Promise<SocketAddress | undefined>;
  /** Makes workers inherit these descriptors, under the same numbers. */
  shareWithWorkers(descriptors: readonly number[]): void;
}

/** An open log file. */
export interface LogHandle {
  /** Appends all of it. Rejects if that fails; a part may have been written then. */
  append(bytes: Uint8Array): Promise<void>;
  /** Whether the path still leads to this file. */
  isCurrent(): Promise<boolean>;
  close(): Promise<void>;
}

/** A pidfile that is held. */
export interface PidFile {
  /** Removes it. Never rejects. */
  release(): Promise<void>;
}

/** A pidfile that another process holds. */
export interface HeldPidFile {
  /** What {@linkcode Service.claimPidFile} would reject with. */
  readonly refusal: StartupError;
}

/** The variable that tells a background process where its starter waits. */
export const STARTER_VARIABLE = "STUD_STARTER";

/** A program in the background, as its starter sees it. */
export interface Daemon {
  /** Its answer; undefined if it ended without one. */
  readonly answer: Promise<string | undefined>;
  readonly ended: Promise<{ readonly code: number; readonly signal: string | null }>;
  /** SIGTERM; quiet if it has already ended. */
  stop(): void;
}

/** The process that has started this one, and waits for an answer. */
export interface Starter {
  readonly handover: string;
  /** Sends the one answer, a line. Never rejects: the starter may be gone. */
  answer(text: string): Promise<void>;
}

/** A terminal whose keys arrive one by one, without echo. */
export interface Terminal {
  /** Its size now, in characters. */
  readonly columns: number;
  readonly rows: number;
  /** Called for each key, with its character; Ctrl-C is U+0003. */
  onKey: (key: string) => void;
  /** Gives it back as it was. */
  close(): void;
}
