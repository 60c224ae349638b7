/** Which connections get a line of a sampled access log (`--access-log-sample`). Faults are never left out. */

import type { LogSettings } from "../config/settings.ts";
import { accessLine, type ConnectionReport } from "./access_line.ts";

/** Passes on the lines of those connections that get one. */
export function accessLines(
  { accessFormat, accessSample }: Pick<LogSettings, "accessFormat" | "accessSample">,
  push: (line: string) => void,
): (report: ConnectionReport) => void {
  const share = accessSample > 1 ? accessSample : undefined;
  return (report) => {
    const sample = sampleOf(report, share);
    if (sample !== 0) push(accessLine(report, accessFormat, sample));
  };
}

/**
 * How many connections the line of this one represents; 0: it gets none. Undefined if nothing is sampled, because
 * `share` is. The choice is random: a fixed order would favor some clients where they take turns.
 */
export function sampleOf(
  { end }: Pick<ConnectionReport, "end">,
  share: number | undefined,
  random: () => number = Math.random,
): number | undefined {
  if (share === undefined) return undefined;
  if (end !== "orderly" && end !== "closed") return 1;
  return random() * share < 1 ? share : 0;
}
