/** The health of a stud, by its status: in one word, and as the exit code of a monitoring plugin. */

import { type Problem, problemsOf } from "../status/page/problems.ts";
import type { Status } from "../status/status.ts";

/** What an operator should know first. */
export interface Health {
  readonly word: "OK" | "WARNING" | "CRITICAL";
  readonly exitCode: 0 | 1 | 2;
  /** The worst first. */
  readonly problems: readonly Problem[];
}

/** The health. The page says the same: it uses the same list of problems. */
export function healthOf(status: Status): Health {
  const problems = problemsOf(status);
  const isBad = problems.some(({ level }) => level === "bad") ||
    !status.ready && status.state !== "draining";
  if (isBad) return { word: "CRITICAL", exitCode: 2, problems };
  if (problems.length > 0) return { word: "WARNING", exitCode: 1, problems };
  return { word: "OK", exitCode: 0, problems };
}
