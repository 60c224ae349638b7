/** Other processes of this machine: what they are, where they listen, and a signal to exactly one of them. */

import type { SocketAddress } from "../wire/preface.ts";

/** Available on Linux only, for processes that this one sees in /proc. */
export interface OtherProcesses {
  /** Undefined if there is no such process. */
  open(pid: number): Promise<OtherProcess | undefined>;
  /** The processes that hold an exclusive lock (flock(2)) on a file, as far as this process can see them. */
  lockHolders(path: string): Promise<number[]>;
  /** Announces to them that this process serves exactly these addresses. */
  announce(addresses: readonly SocketAddress[]): Promise<void>;
}

/** A process as proc(5) shows it. */
export interface ProcessView {
  readonly pid: number;
  /** Its name in the kernel, which the process may set itself. */
  readonly name: string;
  /** The arguments that it was started with; empty if they cannot be seen. */
  readonly words: readonly string[];
  /**
   * The addresses where it listens, in this process's own network; undefined if this process is not permitted to see
   * its descriptors (PTRACE_MODE_READ of ptrace(2)).
   */
  listening(): SocketAddress[] | undefined;
}

/** A handle on a process: another process that gets its number later is never mistaken for it. */
export interface OtherProcess extends ProcessView {
  children(): ProcessView[];
  /** Whether it announces that it serves this address, in this process's own network. */
  announces(address: SocketAddress): boolean;
  /** Whether it has the file open for writing; also false if this process is not permitted to see that. */
  writesTo(path: string): boolean;
  /**
   * Claims the right to take over from it, which one process at a time has, until {@linkcode OtherProcess.close} or the
   * end of that process. Undefined if this process now has it, otherwise the id of the process that has it; 0 if that
   * is unknown.
   */
  claim(): number | undefined;
  /**
   * Asks it to drain for a successor: SIGURG if it handles that, as stud does, otherwise SIGTERM. Throws an error with
   * the reason if it has ended or may not be signalled.
   */
  requestDrain(): void;
  /** Releases the handle. */
  close(): void;
}
