/**
 * The options about the log and the background, taken together: how much is logged, and where a stud without standard
 * streams writes. It refuses contradictions.
 */

import { UsageError } from "../errors.ts";
import { lastValue, type RawValues } from "./raw_values.ts";
import type { LogSettings, TlsLibraryName } from "./settings.ts";

/**
 * The log settings on a platform with these TLS engines.
 *
 * @throws UsageError for options that exclude each other, and for a daemon without a log
 */
export function logSettings(
  log: Omit<LogSettings, "level">,
  values: RawValues,
  libraries: readonly TlsLibraryName[],
): LogSettings {
  const toSyslog = lastValue("daemon", values) === true && log.file === undefined;
  if (toSyslog && libraries.includes("node")) {
    throw new UsageError(
      `${
        values.get("daemon")!.at(-1)!.origin
      }: under Node there is no syslog, so the log needs a ` +
        "file: add --log-filename FILE",
    );
  }
  return { ...log, level: logLevel(values), syslog: log.syslog || toSyslog };
}

function logLevel(values: RawValues): LogSettings["level"] {
  const level = lastValue("log-level", values) as number;
  if (lastValue("quiet", values) !== true) return LEVELS[level]!;
  if (level > 0 && values.has("log-level")) {
    const [quiet, other] = (["quiet", "log-level"] as const).map((name) =>
      values.get(name)!.at(-1)!.origin
    );
    throw new UsageError(`${quiet} and ${other} ${level} exclude each other; give one`);
  }
  return "error";
}

/** Hitch's numbers are the indexes. */
const LEVELS = ["error", "info", "debug"] as const;
