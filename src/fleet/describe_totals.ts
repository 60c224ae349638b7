/** What workers that have ended counted: as the end of a line of the log, and as sums for programs. */

import type { WorkerCounters } from "../control/messages.ts";
import { counted } from "../counted.ts";

/** The sum of each counter. */
export function sumOfTotals(totals: readonly WorkerCounters[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [name, number] of totals.flatMap((each) => Object.entries(each))) {
    sums[name] = (sums[name] ?? 0) + number;
  }
  return sums;
}

/** The sums in words, after a colon; empty if no worker has ended. */
export function describeTotals(totals: readonly WorkerCounters[]): string {
  if (totals.length === 0) return "";
  const sums = sumOfTotals(totals);
  const sum = (name: string) => sums[name] ?? 0;
  const denied = sum("clientsDenied");
  const silent = sum("silent");
  return `: ${counted(sum("accepted"), "connection")}, ` +
    `${counted(sum("handshakesFailed"), "handshake")} failed, ` +
    (silent === 0 ? "" : `${silent} closed by clients before they sent anything, `) +
    (denied === 0 ? "" : `${counted(denied, "client")} denied, `) +
    `${counted(sum("backendsFailed"), "backend failure")}, ${sum("refused")} refused`;
}
