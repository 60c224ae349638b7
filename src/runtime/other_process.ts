/** Other processes of this machine: what they are, what they listen on, and a signal for exactly one of them. */

import type { SocketAddress } from "../wire/preface.ts";

/** What there is on Linux. All of it is about processes that this one sees in /proc. */
export interface OtherProcesses {
  /** Undefined if there is no such process. */
  open(pid: number): Promise<OtherProcess | undefined>;
  /** The processes that hold an exclusive lock (flock(2)) on a file, as far as this process may see them. */
  lockHolders(path: string): Promise<number[]>;
  /** Tells them that this process serves these addresses, and no others any more. */
  announce(addresses: readonly SocketAddress[]): Promise<void>;
}

/** A process as proc(5) shows it. */
export interface ProcessView {
  readonly pid: number;
  /** The kernel's name for it, which it may choose itself. */
  readonly name: string;
  /** The arguments that it was started with; none if they cannot be seen. */
  readonly words: readonly string[];
  /**
   * Where it listens, of the TCP sockets of this process's own network; undefined if this process may not look
   * at its descriptors (PTRACE_MODE_READ of ptrace(2)).
   */
  listening(): SocketAddress[] | undefined;
}

/** A process that is held: another one that gets its number later is never taken for it. */
export interface OtherProcess extends ProcessView {
  children(): ProcessView[];
  /** Whether it tells that it serves this address, in this process's own network. */
  announces(address: SocketAddress): boolean;
  /** Whether it has the file open for writing; false too if this process may not look. */
  writesTo(path: string): boolean;
  /**
   * Claims the right to take its place, which one process at a time has, until {@linkcode OtherProcess.close} or its
   * own end. Undefined if this process has it now, else the process that has it; 0 if it cannot be told which.
   */
  claim(): number | undefined;
  /**
   * Asks it to drain for a successor: SIGURG if it catches that, as stud does, else SIGTERM. Throws an error with the
   * reason if it has ended or may not be signalled.
   */
  relieve(): void;
  /** Lets go of it. */
  close(): void;
}
