/** What is logged, for tests that do not care. */

import type { LogSettings } from "../../src/config/settings.ts";

/** The defaults of the option table. */
export const LOG: LogSettings = {
  level: "info",
  file: undefined,
  syslog: false,
  syslogFacility: "daemon",
  access: undefined,
  accessFormat: "text",
  traceClient: undefined,
  traceFor: 600,
};
