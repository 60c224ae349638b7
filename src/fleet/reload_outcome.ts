/** The result of a reload, for its log line: what is served now, what has changed, and what differs from its file. */

import { counted } from "../counted.ts";
import { isSameData } from "../same_data.ts";
import type { Plan } from "../plan/plan.ts";

/** How a reload ended: the text says what changed, or why it failed. */
export interface ReloadReport {
  readonly outcome: "changed" | "unchanged" | "failed";
  readonly what: string;
}

/**
 * The outcome of a reload; its text is the end of the line `reloaded: `. `workersChanged`: the workers now serve by another configuration; `serving`
 * describes what they serve.
 */
export function reloadOutcome(
  plan: Plan,
  former: Plan,
  { workersChanged, serving }: { readonly workersChanged: boolean; readonly serving: string },
): ReloadReport {
  const bad = faultsText(plan);
  if (workersChanged || !isSameData(plan.changeable, former.changeable)) {
    return { outcome: "changed", what: bad === "" ? serving : `${serving}; ${bad}` };
  }
  const what = bad === "" ? "nothing has changed" : `${bad}; nothing else has changed`;
  return { outcome: "unchanged", what };
}

/** How much is not served as its file has it; empty if all is. */
export function faultsText({ tls: { quarantined, held } }: Plan): string {
  const [certificates, files] = [quarantined.length, held.lines.length];
  return [
    ...certificates === 0 ? [] : [`${counted(certificates, "certificate")} in quarantine`],
    ...files === 0 ? [] : [counted(files, "bad file")],
  ].join(" and ");
}
