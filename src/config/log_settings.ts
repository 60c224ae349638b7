/**
 * The options about the log and the background, taken together: how much is logged, and where a stud without standard
 * streams writes. It refuses contradictions.
 */

import { UsageError } from "../errors.ts";
import { escapeControl, quote } from "../wire/escape.ts";
import { parseNetwork } from "../wire/network.ts";
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
  checkAccessLog(values, libraries);
  checkTrace(log, values);
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

/** Only `syslog:` means the log daemon; what resembles it is more likely a mistake than the name of a file. */
function checkAccessLog(values: RawValues, libraries: readonly TlsLibraryName[]): void {
  const raw = values.get("access-log")?.at(-1);
  if (raw === undefined || !/^syslog(:|$)/.test(raw.text)) return;
  const { origin, text } = raw;
  if (text !== ACCESS_TO_SYSLOG) {
    throw new UsageError(
      `${origin}: ${quote(text)}: give syslog: for the log daemon (--syslog-facility sets the ` +
        `facility), or ./${escapeControl(text)} for a file`,
    );
  }
  if (libraries.includes("node")) {
    throw new UsageError(
      `${origin}: under Node there is no syslog; give a file, or - for standard output`,
    );
  }
}

function checkTrace({ traceClient }: Pick<LogSettings, "traceClient">, values: RawValues): void {
  if (traceClient === undefined) {
    const seconds = values.get("for")?.at(-1);
    if (seconds === undefined) return;
    throw new UsageError(`${seconds.origin} needs --trace-client CIDR`);
  }
  try {
    parseNetwork(traceClient);
  } catch {
    throw new UsageError(
      `${
        values.get("trace-client")!.at(-1)!.origin
      } ${traceClient}: not a network of IP addresses, ` +
        "such as 192.0.2.0/24 or 2001:db8::/32",
    );
  }
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

/** The access log that is sent to the log daemon. */
export const ACCESS_TO_SYSLOG = "syslog:";

/** Hitch's numbers are the indexes. */
const LEVELS = ["error", "info", "debug"] as const;
