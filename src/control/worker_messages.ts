/**
 * What a supervisor accepts from a worker: every message is checked against its shape. The other half is for the
 * worker and keeps its messages within the bounds of those shapes.
 */

import { counted } from "../counted.ts";
import { CertificatesRefused, type LogLevel, PortInUseError } from "../errors.ts";
import { MAX_LABEL } from "../metrics/series.ts";
import {
  type CounterReport,
  EVENTS,
  type Fault,
  MAX_FAILURES,
  MAX_FIELD,
  MAX_FIELDS,
  MAX_REASON,
  MAX_REFUSED,
  MAX_SERIES_BATCH,
  MAX_TEXT,
  type WorkerCounters,
  type WorkerEvent,
  type WorkerFaults,
} from "./messages.ts";
import { ProtocolError } from "./shapes.ts";

/** An answer whose fields have not been checked yet. */
export interface RawAnswer {
  readonly type: "answer";
  readonly id: unknown;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * The message in a line. Undefined if it is not a message: something else wrote to the same stream. Throws
 * {@linkcode ProtocolError} for an invalid message.
 */
export function parseWorkerMessage(line: string): WorkerEvent | RawAnswer | undefined {
  // This is how messageLine() starts a line. To parse anything else would cost up to half a second per line.
  if (!line.startsWith('{"type":')) return undefined;
  const value = parsed(line);
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, "type")) {
    return undefined;
  }
  const { type, ...fields } = value as Record<string, unknown>;
  if (type === "answer") {
    const { id, ...rest } = fields;
    return { type, id, fields: rest };
  }
  if (typeof type !== "string" || !Object.hasOwn(EVENTS, type)) {
    throw new ProtocolError("a message of an unknown kind");
  }
  const kind = type as WorkerEvent["type"];
  return { type: kind, ...EVENTS[kind](fields, kind) } as WorkerEvent;
}

/** A text for the operator, short enough for a message. */
export function messageText(text: string): string {
  return shortened(text, MAX_TEXT);
}

/** The message that carries a log line; values beyond the limit are left out. */
export function logMessage(
  level: LogLevel,
  text: string,
  { event, fields }: Pick<LogEvent, "event" | "fields">,
): WorkerEvent {
  const kept = Object.entries(fields).slice(0, MAX_FIELDS).map(([name, value]) =>
    [name, typeof value === "string" ? shortened(value, MAX_FIELD) : value] as const
  );
  return { type: "log", level, text: messageText(text), event, fields: Object.fromEntries(kept) };
}

/** The message that says how many log lines could not be sent. */
export function linesLost(lost: number): WorkerEvent {
  const about = { event: "worker_log_lines_lost", fields: { count: lost } } as const;
  return logMessage("warning", `${counted(lost, "log line")} of this worker lost`, about);
}

/** The faults to answer with: as many as fit, with texts that are short enough. */
export function faultsToTell({ handshakes, backends }: WorkerFaults): WorkerFaults {
  return {
    handshakes: handshakes.slice(0, MAX_FAILURES).map((failure) => ({
      ...failure,
      frontend: shortened(failure.frontend, MAX_LABEL),
      lastServerName: shortened(failure.lastServerName, 255),
    })),
    backends: backends.slice(0, MAX_FAILURES).map(({ address, time, reason }) => ({
      address: shortened(address, MAX_LABEL),
      time,
      reason: shortened(reason, MAX_REASON),
    })),
  };
}

/** The fault to answer for an error; `text` describes it to the operator. */
export function faultOf(error: unknown, text: string): Fault {
  return {
    fault: messageText(text),
    ...error instanceof PortInUseError && { portInUse: true },
    ...error instanceof CertificatesRefused && {
      refused: error.refused.slice(0, MAX_REFUSED).map(({ fingerprint, source, reason }) => ({
        fingerprint,
        source: shortened(source, MAX_REASON),
        reason: shortened(reason, MAX_REASON),
      })),
    },
  };
}

/** The messages that carry these access log lines, each within the size limit. */
export function accessMessages(lines: readonly string[]): WorkerEvent[] {
  const messages: string[][] = [];
  let size = Infinity;
  for (const line of lines) {
    if (size + line.length > ACCESS_BATCH) {
      messages.push([]);
      size = 0;
    }
    messages.at(-1)!.push(line);
    size += line.length;
  }
  return messages.map((lines) => ({ type: "access", lines }));
}

/** The reports that carry these counters and series, each within the size limit; the last one has the counters. */
export function counterReports(
  counters: WorkerCounters,
  series: NonNullable<CounterReport["series"]>,
): CounterReport[] {
  const reports: CounterReport[] = [];
  let rest = series;
  for (; rest.length > MAX_SERIES_BATCH; rest = rest.slice(MAX_SERIES_BATCH)) {
    reports.push({ counters: {}, series: rest.slice(0, MAX_SERIES_BATCH) });
  }
  return [...reports, rest.length > 0 ? { counters, series: rest } : { counters }];
}

function shortened(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

type LogEvent = Extract<WorkerEvent, { readonly type: "log" }>;

/** Max UTF-16 code units of the lines in one message, so that as JSON they fit into a message line. */
const ACCESS_BATCH = 256 << 10;
