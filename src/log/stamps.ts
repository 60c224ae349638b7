/**
 * The forms of a log line: stud's own and hitch's for people, JSON and logfmt for programs. Whatever a line contains,
 * it is one line, and nothing in it can forge a field.
 */

import type { LogFormat } from "../config/settings.ts";
import type { LogLevel } from "../errors.ts";
import { escapeJson } from "../wire/escape.ts";
import type { Fact, LineFacts } from "./logger.ts";

/** A line before it has a form. */
export interface StampedLine extends LineFacts {
  readonly date: Date;
  /** Of the process that writes. */
  readonly pid: number;
  readonly level: LogLevel;
  /** Safe to print. */
  readonly text: string;
}

/** What lines for people show. */
type TextLine = Pick<StampedLine, "date" | "pid" | "level" | "text">;

/** Makes a complete line for a log file or a standard stream, without a newline. */
export type Stamp = (line: StampedLine) => string;

/** stud's own format: date (ISO 8601, UTC) and level. */
export const plainStamp = ({ date, level, text }: TextLine): string =>
  `${date.toISOString()} ${level}: ${text}`;

/**
 * Hitch's format, for programs that parse its log file: `YYYYmmddTHHMMSS.uuuuuu [pid] text`, in local time. The clock
 * has a resolution of milliseconds, so the last three digits are 0.
 */
export const hitchStamp = ({ date, pid, text }: TextLine): string => {
  const two = (part: number) => String(part).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join("");
  const fraction = String(date.getMilliseconds()).padStart(3, "0") + "000";
  return `${day}T${time}.${fraction} [${String(pid).padStart(5)}] ${text}`;
};

/** An object per line. */
const jsonStamp: Stamp = (line) => escapeJson(JSON.stringify(recordOf(line)));

/** `name=value` in one line; a value that is not plain is a JSON string. */
const logfmtStamp: Stamp = (line) =>
  Object.entries(recordOf(line)).map(([name, value]) => `${name}=${logfmtValue(value)}`).join(" ");

/** The formats for programs. */
export const MACHINE_STAMPS: Readonly<Record<Exclude<LogFormat, "text">, Stamp>> = {
  json: jsonStamp,
  logfmt: logfmtStamp,
};

function recordOf({ date, level, event, text, fields }: StampedLine): Record<string, Fact> {
  return { time: date.toISOString(), level, event, message: text, ...fields };
}

function logfmtValue(value: Fact): string {
  if (typeof value !== "string" || BARE.test(value)) return String(value);
  return escapeJson(JSON.stringify(value));
}

/** Visible ASCII without quotes, backslashes and equals signs. */
const BARE = /^[!#-<>-[\]-~]+$/;
