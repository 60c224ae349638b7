/**
 * What an operator should look at, worst first, as the page's top says it. It judges by the status alone. Runs in the
 * browser too: see tree.ts.
 */

import type { Status } from "../status.ts";
import { days, many } from "./words.ts";

/** One problem. */
export interface Problem {
  readonly level: "bad" | "warn";
  readonly text: string;
  /** The page's section about it. */
  readonly section: string;
}

/** The problems of all parts; those of level `bad` first, otherwise in the order of the page. */
export function problemsOf(status: Status): Problem[] {
  const problems: Problem[] = [];
  const add = (level: "bad" | "warn", section: string, text: string) =>
    problems.push({ level, section, text });
  const recent = (moment: string | undefined) =>
    moment !== undefined && Date.parse(status.time) - Date.parse(moment) < 600_000;

  if (status.state === "draining") add("warn", "frontends", "No new connections: stud is draining");
  for (const { name, served } of status.frontends) {
    if (!served && status.state !== "draining") {
      add("bad", "frontends", `Frontend ${name} is not served`);
    }
  }
  if (status.workers.length === 0) add("bad", "workers", "No worker runs");
  for (const { index, lastEnd } of status.workers) {
    if (recent(lastEnd?.time)) {
      add("warn", "workers", `Worker ${index} was replaced: ${lastEnd!.reason}`);
    }
  }
  const dated = [...status.certificates].sort((a, b) => a.daysLeft - b.daysLeft);
  const [soonest] = dated;
  if (soonest !== undefined && soonest.daysLeft < 30) {
    const affected = dated.filter(({ daysLeft }) => daysLeft < 30).length;
    const name = soonest.names[0] ?? soonest.source;
    const what = soonest.daysLeft < 0
      ? days(soonest.daysLeft)
      : `expires in ${days(soonest.daysLeft)}`;
    const others = affected > 1 ? `, and ${many(affected - 1, "other")} within 30 days` : "";
    add(soonest.daysLeft < 7 ? "bad" : "warn", "certificates", `${name} ${what}${others}`);
  }
  const lost = status.quarantine.filter(({ keepsFormer }) => !keepsFormer).length;
  if (status.quarantine.length > 0) {
    const text = `${many(status.quarantine.length, "file")} in quarantine`;
    add(lost > 0 ? "bad" : "warn", "certificates", text);
  }
  const differing = status.certificates.filter(({ servedDiffers }) => servedDiffers).length;
  if (differing > 0) {
    add("warn", "certificates", `${many(differing, "certificate")} changed on disk; not reloaded`);
  }
  for (const { address, lastFailure } of status.backends) {
    if (recent(lastFailure?.time)) {
      add("bad", "backends", `Backend ${address}: ${lastFailure!.reason}`);
    }
  }
  const [reload] = status.reloads;
  if (reload?.outcome === "failed") add("bad", "reloads", `The last reload failed: ${reload.what}`);
  return problems.sort((a, b) => Number(a.level === "warn") - Number(b.level === "warn"));
}

/** The functions of this file, for the page's script. */
export const PROBLEMS = [problemsOf];
