/** A destination of log lines besides standard streams and file. A new sink needs a file and a row in log.ts. */

import type { LogSettings } from "../config/settings.ts";
import type { LogLevel } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { LineSink } from "./logger.ts";

/** Accepts lines, and never makes the caller wait. */
export interface LogSink {
  send(level: LogLevel, text: string): void;
  /** Resolves when everything sent so far has been delivered or lost. */
  flushed(): Promise<void>;
}

/** What a sink is given to work with. */
export interface SinkSite {
  readonly runtime: Runtime;
  /** Logs a message about the sink itself to the other outputs: the standard streams or the file. */
  readonly sayElsewhere: LineSink;
}

/** Opens a sink if the settings ask for it. */
export type OpenSink = (settings: LogSettings, site: SinkSite) => LogSink | undefined;
