/**
 * The log of the program: converts templates and values to finished lines for a sink, with the facts in them for
 * programs that read the log. A worker needs nothing else for logging. The library logs through LogTape instead
 * (terminate.ts), which has the same methods.
 */

import type { LogLevel } from "../errors.ts";
import { printable } from "../wire/escape.ts";
import { EVENT_OF_TEMPLATE, type EventName, FIELD_NAMES } from "./events.ts";

/** A value that programs read as what it is. */
export type Fact = string | number | boolean;

/** Values by their names in snake_case. Texts are safe to print. */
export type Facts = Readonly<Record<string, Fact>>;

/** What a line is about, for programs. */
export interface LineFacts {
  readonly event: EventName;
  readonly fields: Facts;
}

/** Takes one finished line, and what it is about. */
export type LineSink = (level: LogLevel, text: string, about: LineFacts) => void;

/** What programs read about a line, where the template and its values do not tell. */
export interface About {
  /** Default: the event of the template (events.ts). */
  readonly event?: EventName;
  /** In addition to the values of the template; undefined: not that one. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/**
 * Writes lines: `{name}` in a message is replaced by the value of that name. No method throws. LogTape ignores the
 * last argument.
 */
export interface Logger {
  debug(message: string, values?: Record<string, unknown>, about?: About): void;
  info(message: string, values?: Record<string, unknown>, about?: About): void;
  warning(message: string, values?: Record<string, unknown>, about?: About): void;
  error(message: string, values?: Record<string, unknown>, about?: About): void;
}

/** A logger whose minimum level can change while others use it. */
export interface ConfiguredLog extends Logger {
  /** Lines below this level are dropped. */
  lowest: LogLevel;
}

/** A logger that sends every record of at least this level to a sink, as a line that is safe to print. */
export function configureLog(sink: LineSink, lowest: LogLevel): ConfiguredLog {
  return new LineLog(sink, lowest);
}

/** Values as facts: bounded, safe to print, and by names that no other part of a line has. */
export function factsOf(values: Readonly<Record<string, unknown>>): Facts {
  const facts: Record<string, Fact> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const field = FIELD_NAMES.get(name) ?? name.replace(/[A-Z]/g, (one) => `_${one.toLowerCase()}`);
    if (RESERVED.has(field)) continue;
    const isPlain = typeof value === "boolean" || Number.isFinite(value);
    facts[field] = isPlain ? value as Fact : printable(String(value));
  }
  return facts;
}

class LineLog implements ConfiguredLog {
  lowest: LogLevel;
  readonly #sink: LineSink;

  constructor(sink: LineSink, lowest: LogLevel) {
    this.#sink = sink;
    this.lowest = lowest;
  }

  debug(message: string, values?: Record<string, unknown>, about?: About): void {
    this.#write("debug", message, values, about);
  }

  info(message: string, values?: Record<string, unknown>, about?: About): void {
    this.#write("info", message, values, about);
  }

  warning(message: string, values?: Record<string, unknown>, about?: About): void {
    this.#write("warning", message, values, about);
  }

  error(message: string, values?: Record<string, unknown>, about?: About): void {
    this.#write("error", message, values, about);
  }

  #write(
    level: LogLevel,
    message: string,
    values: Record<string, unknown> = {},
    about: About = {},
  ): void {
    if (RANK[level] < RANK[this.lowest]) return;
    const text = message.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
    const event = about.event ?? EVENT_OF_TEMPLATE.get(message) ?? "internal_error";
    this.#sink(level, printable(text), { event, fields: factsOf({ ...values, ...about.fields }) });
  }
}

/** Every line has these already. */
const RESERVED: ReadonlySet<string> = new Set(["time", "level", "event", "message"]);
const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warning: 2, error: 3 };
