/**
 * What a program that runs for years needs of its platform: a log file and a pidfile, a place in the
 * background, and the service manager's variables, sockets and ear.
 */

import type { StartupError } from "../errors.ts";
import type { SocketAddress } from "../wire/preface.ts";

/** The program as a service of its machine. Paths may be relative. */
export interface Service {
  /** The path from the root, which a process that goes to another directory still understands. */
  absolute(path: string): string;
  /** Opens a file for lines at its end, made with mode 0640. Rejects with {@linkcode StartupError}: path and cause. */
  openLog(path: string): Promise<LogHandle>;
  /** Rejects as {@linkcode Service.openLog} would, as far as that can be known without opening or making a file. */
  checkLog(path: string): Promise<void>;
  /** Replaces what a file holds. Rejects with {@linkcode StartupError}: path and cause. */
  writeText(path: string, text: string): Promise<void>;
  /**
   * Writes this process's id to a file, mode 0644, that is this process's alone until it is released or the
   * process ends, however it does. Rejects with {@linkcode StartupError}: the path, and the process that holds
   * it.
   */
  claimPidFile(path: string): Promise<PidFile>;
  /**
   * Rejects as {@linkcode Service.claimPidFile} would, as far as that can be known without making a file or keeping
   * a lock; a file that another process holds is an answer instead.
   */
  checkPidFile(path: string): Promise<HeldPidFile | undefined>;
  /** The value of an environment variable, which is gone then: children do not inherit it. */
  takeVariable(name: string): string | undefined;
  /**
   * Starts this program again with the same arguments, in a session of its own (setsid(2)) and with standard
   * streams on /dev/null, and hands it a text of one line. Rejects with {@linkcode StartupError}.
   */
  startDaemon(handover: string): Promise<Daemon>;
  /**
   * In a process that {@linkcode Service.startDaemon} has started: moves to the directory `/` (relative paths
   * go on to mean what they meant) and returns whoever started it. Undefined in any other process.
   */
  joinStarter(): Promise<Starter | undefined>;
  /**
   * Sends a text to the service manager's socket (sd_notify(3)), a path or `@NAME`. Rejects with what is
   * wrong, and within a second.
   */
  notify(socket: string, text: string): Promise<void>;
  /** CLOCK_MONOTONIC in microseconds (clock_gettime(2)). */
  monotonicMicroseconds(): bigint;
  /** The address that an inherited descriptor listens on; undefined if it is not a listening TCP socket. */
  listeningAddress(descriptor: number): Promise<SocketAddress | undefined>;
  /** Has workers inherit these descriptors, under the numbers they have here. */
  shareWithWorkers(descriptors: readonly number[]): void;
}

/** An open log file. */
export interface LogHandle {
  /** Appends all of it. Rejects if that fails; a part of it may have been written then. */
  append(octets: Uint8Array): Promise<void>;
  /** Whether the path still leads to this file. */
  isCurrent(): Promise<boolean>;
  close(): Promise<void>;
}

/** A pidfile that is held. */
export interface PidFile {
  /** Removes it. Never rejects. */
  release(): Promise<void>;
}

/** A pidfile of another process. */
export interface HeldPidFile {
  /** What {@linkcode Service.claimPidFile} would reject with. */
  readonly refusal: StartupError;
}

/** The variable that tells a process in the background where whoever started it waits. */
export const STARTER_VARIABLE = "STUD_STARTER";

/** A program in the background, as whoever started it sees it. */
export interface Daemon {
  /** What it has answered; undefined if it ended without an answer. */
  readonly answer: Promise<string | undefined>;
  readonly ended: Promise<{ readonly code: number; readonly signal: string | null }>;
  /** SIGTERM; quiet if it has already ended. */
  stop(): void;
}

/** The process that has started this one, and waits for an answer. */
export interface Starter {
  readonly handover: string;
  /** Sends the one answer, a line. Never rejects: nobody may be waiting any more. */
  answer(text: string): Promise<void>;
}
