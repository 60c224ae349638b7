/** The log of the library: LogTape, which the program that uses stud configures. The command does not use LogTape. */

import { getLogger } from "@logtape/logtape";
import type { Logger } from "./logger.ts";

/** The category under which all of stud logs; programs that use the library configure it by this name. */
export const LOG_CATEGORY = "stud";

/** stud's logger. It logs nothing until the program configures a sink. */
export function studLogger(): Logger {
  return getLogger([LOG_CATEGORY]);
}
