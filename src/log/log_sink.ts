/** A destination of log lines in addition to standard streams and file. A new sink needs a file and a row in log.ts. */

import type { LogSettings } from "../config/settings.ts";
import type { LogLevel } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { LineFacts, LineSink } from "./logger.ts";

/** Accepts lines, and never makes the caller wait. */
export interface LogSink {
  send(level: LogLevel, text: string, about: LineFacts): void;
  /** Resolves when everything sent so far has been delivered or lost. */
  flushed(): Promise<void>;
}

/** Makes the line that a sink sends. */
export type LineBody = (level: LogLevel, text: string, about: LineFacts) => string;

/** What a sink is given to work with. */
export interface SinkSite {
  readonly runtime: Runtime;
  /** Logs a message about the sink itself to the other outputs: the standard streams or the file. */
  readonly sayElsewhere: LineSink;
  /** The line in the format of the settings, for a sink that adds date and level in its own way. */
  readonly body: LineBody;
}

/** Opens a sink if the settings ask for it. */
export type OpenSink = (settings: LogSettings, site: SinkSite) => LogSink | undefined;
