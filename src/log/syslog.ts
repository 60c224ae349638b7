/**
 * Sends lines to the system's log daemon as datagrams to /dev/log, as syslog(3) does (RFC 3164). If the daemon is
 * restarted, absent or stalled, lines wait for it, but the sender never does.
 */

import { type Clock, type DatagramSender, pause, type Runtime } from "../runtime/runtime.ts";
import { counted } from "../counted.ts";
import type { LogLevel } from "../errors.ts";
import { LineQueue } from "./line_queue.ts";
import type { LineBody, LogSink, OpenSink } from "./log_sink.ts";
import { factsOf, type LineFacts } from "./logger.ts";
import { printable } from "../wire/escape.ts";

/** Facility codes of RFC 3164 section 4.1.1 by the names that syslog(3) uses. */
export const SYSLOG_FACILITIES: Readonly<Record<string, number>> = {
  kern: 0,
  user: 1,
  mail: 2,
  daemon: 3,
  auth: 4,
  syslog: 5,
  lpr: 6,
  newWarnings: 7,
  uucp: 8,
  cron: 9,
  authpriv: 10,
  ftp: 11,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
};

const SEVERITIES: Readonly<Record<LogLevel, number>> = { error: 3, warning: 4, info: 6, debug: 7 };

/** The socket of the log daemon. */
export const DEV_LOG = "/dev/log";

/** `-s/--syslog`. */
export const openSyslog: OpenSink = (
  { syslog, syslogFacility: facility },
  { runtime, sayElsewhere, body },
) => {
  if (!syslog) return undefined;
  const onAway = (reason: string) =>
    sayElsewhere("warning", `${AWAY}${printable(reason)}`, {
      event: "syslog_away",
      fields: factsOf({ reason }),
    });
  return new Syslog(runtime, { facility, identity: "stud", onAway, body });
};

/** Options of {@linkcode Syslog}. */
export interface SyslogOptions {
  /** A name from {@linkcode SYSLOG_FACILITIES}. */
  readonly facility: string;
  /** The program's name before each line. */
  readonly identity: string;
  /** The daemon's socket; /dev/log except in tests. */
  readonly path?: string;
  /** Called with the reason when lines must wait for the daemon, once for each time that it is unavailable. */
  readonly onAway?: (reason: string) => void;
  /** Max lines that wait for the daemon; 2,000 by default. */
  readonly max?: number;
  /** Makes what follows the program's name; the text by default. */
  readonly body?: LineBody;
  /** Called with the number of lost lines, instead of a line that says so. */
  readonly onLoss?: (lost: number) => void;
}

/** A connection to the log daemon. */
export class Syslog implements LogSink {
  readonly #runtime: Runtime;
  readonly #options: SyslogOptions;
  readonly #queue: LineQueue;
  #socket: DatagramSender | undefined;
  /** Failed attempts since the last success; a restart of the daemon causes one or two. */
  #failures = 0;

  constructor(runtime: Runtime, options: SyslogOptions) {
    this.#runtime = runtime;
    this.#options = options;
    this.#queue = new LineQueue((lines) => this.#deliver(lines), {
      max: options.max ?? 2_000,
      batch: 1,
      ...options.onLoss === undefined ? { lossLine: this.#lossLine } : { onLoss: options.onLoss },
    });
  }

  /** Queues a line. */
  send(level: LogLevel, text: string, about: LineFacts): void {
    this.sendLine(level, this.#bodyOf(level, text, about));
  }

  /** Queues a line as it is. */
  sendLine(level: LogLevel, line: string): void {
    this.#queue.push(this.#format(level, line));
  }

  /** Resolves when the daemon has accepted everything. */
  flushed(): Promise<void> {
    return this.#queue.flushed();
  }

  readonly #lossLine = (lost: number): string => {
    const body = this.#bodyOf(
      "warning",
      `${counted(lost, "log line")} lost: no log daemon was running`,
      { event: "log_lines_lost", fields: { count: lost } },
    );
    return this.#format("warning", body);
  };

  #bodyOf(level: LogLevel, text: string, about: LineFacts): string {
    return this.#options.body?.(level, text, about) ?? text;
  }

  #format(level: LogLevel, text: string): string {
    const facility = SYSLOG_FACILITIES[this.#options.facility] ?? SYSLOG_FACILITIES["daemon"]!;
    const priority = facility * 8 + SEVERITIES[level];
    const { processes, clock } = this.#runtime;
    const when = rfc3164Date(clock.date());
    return `<${priority}>${when} ${this.#options.identity}[${processes.pid}]: ${text}`;
  }

  async #deliver(lines: readonly string[]): Promise<void> {
    for (const line of lines) {
      while (!await this.#sent(new TextEncoder().encode(line))) {
        await pause(this.#runtime.clock, RETRY_PAUSE);
      }
    }
  }

  async #sent(bytes: Uint8Array): Promise<boolean> {
    const { path = DEV_LOG } = this.#options;
    try {
      this.#socket ??= this.#runtime.processes.openDatagram();
      await within(this.#runtime.clock, SEND_LIMIT, this.#socket.send(bytes, path));
      this.#failures = 0;
      return true;
    } catch (error) {
      if (++this.#failures === NOTICED_FAILURES) {
        this.#options.onAway?.(`${path}: ${(error as Error).message}`);
      }
      // A send to a daemon whose queue is full may never finish: start again with a new socket.
      this.#socket?.close();
      this.#socket = undefined;
      return false;
    }
  }
}

/** `Mmm dd hh:mm:ss` in local time. */
function rfc3164Date(date: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const day = String(date.getDate()).padStart(2, " ");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${MONTHS[date.getMonth()]} ${day} ${time}`;
}

function within<T>(clock: Clock, milliseconds: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(milliseconds, () => reject(new Error("timed out")));
    promise.then(resolve, reject).finally(cancel);
  });
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const AWAY = "syslog: no log daemon is running, lines wait for it: ";
const RETRY_PAUSE = 500;
const NOTICED_FAILURES = 3;
const SEND_LIMIT = 1_000;
