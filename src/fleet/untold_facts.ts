/** Says which facts about connections a TLS library does not report, so that nobody looks for them in vain. */

import type { Logger } from "../log/log.ts";
import type { TlsLibraryName } from "../runtime/runtime.ts";
import { ENGINES } from "../tls/engines.ts";

/**
 * Logs, for an option that shows facts about connections, which of them stay empty and what would fill them; nothing if
 * none does. `shown`: the facts that it shows, by their names in the access log; all by default.
 */
export function reportUntold(
  log: Logger,
  option: string,
  library: TlsLibraryName,
  shown?: readonly string[],
): void {
  const { untold, toldBy } = ENGINES[library];
  const missing = untold.filter((one) => shown?.includes(one) ?? true).join(", ");
  if (missing === "") return;
  log.info("{option}: {library} does not report {missing}; {remedy} does", {
    ...{ option, library, missing, remedy: toldBy },
  });
}
