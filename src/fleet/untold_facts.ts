/** Says which facts about connections a TLS library does not report, so that operators do not look for them. */

import type { Logger } from "../log/log.ts";
import type { Plan } from "../plan/plan.ts";
import { ENGINES } from "../tls/engines.ts";

/**
 * Logs, for each option of the plan that shows facts about connections, which of them stay empty and what would report
 * them. `isMissing`: the preferred library cannot be used.
 */
export function reportUntold(log: Logger, plan: Plan, isMissing: boolean): void {
  const { configuration: { tls }, settings } = plan;
  // With --client, clients speak no TLS.
  if (tls.backend !== undefined) return;
  const library = isMissing && tls.orElse !== undefined ? tls.orElse : tls.library;
  const { unreported, reportedBy } = ENGINES[library];
  const say = (option: string, shown: readonly string[]) => {
    const missing = unreported.filter((one) => shown.includes(one)).join(", ");
    if (missing === "") return;
    const values = { option, library, missing, remedy: reportedBy };
    log.info("{option}: {library} does not report {missing}; {remedy} does", values);
  };
  if (settings.log.access !== undefined) say("--access-log", unreported);
  if (settings.service.status !== undefined) say("--status", IN_STATUS);
}

/** The facts that status and metrics show, by their names in the access log. */
const IN_STATUS = ["sni", "tls", "cipher", "group", "resumed"];
