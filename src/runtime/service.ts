/** What a program that runs for years needs of its platform: a log file. */

/** The program as a service of its machine. */
export interface Service {
  /** Opens a file for lines at its end, made with mode 0640. Rejects with {@linkcode StartupError}: path and cause. */
  openLog(path: string): Promise<LogHandle>;
}

/** An open log file. */
export interface LogHandle {
  /** Appends all of it. Rejects if that fails; a part of it may have been written then. */
  append(octets: Uint8Array): Promise<void>;
  /** Whether the path still leads to this file. */
  isCurrent(): Promise<boolean>;
  close(): Promise<void>;
}
