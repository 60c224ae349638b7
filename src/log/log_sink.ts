/** A place besides standard streams and file that the log's lines go to. A new one is a file and a row in log.ts. */

import type { LogSettings } from "../config/settings.ts";
import type { LogLevel } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { LineSink } from "./logger.ts";

/** Takes lines, and never lets anybody wait. */
export interface LogSink {
  send(level: LogLevel, text: string): void;
  /** Resolves when everything sent so far has been taken or lost. */
  flushed(): Promise<void>;
}

/** What a sink works with. */
export interface SinkSite {
  readonly runtime: Runtime;
  /** Says something of the sink itself where the log goes besides it: to the standard streams or the file. */
  readonly sayElsewhere: LineSink;
}

/** Makes a sink if the settings want it. */
export type OpenSink = (settings: LogSettings, site: SinkSite) => LogSink | undefined;
