/** What an operator should know if log lines go to syslog and there is no log daemon. It looks for none itself. */

import { ACCESS_TO_SYSLOG } from "../config/log_settings.ts";
import type { Settings } from "../config/settings.ts";

/**
 * The warning if the log daemon's socket is missing, which names the option that sends lines there; undefined if none
 * does.
 */
export function syslogWarning(
  { log: { access, file, syslog }, service: { daemon } }: Pick<Settings, "log" | "service">,
): string | undefined {
  if (daemon && file === undefined) {
    return `--daemon: the log goes to syslog, but there is no ${LOG_SOCKET}; lines wait until a log daemon ` +
      "runs, or add --log-filename FILE";
  }
  if (!syslog && access !== ACCESS_TO_SYSLOG) return undefined;
  return syslog
    ? `-s/--syslog: no ${LOG_SOCKET}; lines wait until a log daemon runs`
    : `--access-log: no ${LOG_SOCKET}; lines wait until a log daemon runs`;
}

/** Where syslog(3) writes. */
export const LOG_SOCKET = "/dev/log";
