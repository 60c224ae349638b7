/** How a connection has ended, as the access log and the counters say it. */

import type { PeerError, PeerErrorKind } from "../errors.ts";
import type { ConnectionReport, Ending } from "../log/access_line.ts";

/** The cause, and the side that caused it; one object for each combination. */
export type EndOf = Pick<ConnectionReport, "end" | "by">;

/**
 * How a connection with this fault has ended; without one: in order. `connected`: its backend was connected. `fate`:
 * the drain timeout, the operator, or the deadline of its handshake has ended it.
 */
export function endOf(
  fault: PeerError | undefined,
  connected: boolean,
  fate: "drained" | "disconnected" | "deadline" | undefined,
): EndOf {
  if (fault === undefined) return ORDERLY;
  const { party, kind } = fault;
  if (fate !== undefined) return fate === "deadline" ? ENDS[party].deadline : STUD[fate];
  if (kind === "denied" || kind === "resources") return STUD[kind];
  if (party === "client" || connected) return ENDS[party][ENDINGS[kind]];
  return ENDS.backend[kind === "timeout" ? "deadline" : "backend-failed"];
}

/** How a fault of each kind is reported if the backend was connected, or if the fault is the client's. */
const ENDINGS: Readonly<Record<PeerErrorKind, Ending>> = {
  closed: "closed",
  cut: "closed",
  reset: "reset",
  gone: "gone",
  timeout: "stalled",
  silent: "silent",
  handshake: "handshake-failed",
  denied: "denied",
  resources: "resources",
  refused: "failed",
  unreachable: "failed",
  other: "failed",
};

const ORDERLY: EndOf = { end: "orderly", by: undefined };

/** All endings caused by one side. */
function endsBy(by: EndOf["by"]): Readonly<Record<Ending, EndOf>> {
  const endings = [...new Set<Ending>([...Object.values(ENDINGS), ...OTHERS])];
  return Object.fromEntries(endings.map((end) => [end, { end, by }])) as Record<Ending, EndOf>;
}

const OTHERS: Ending[] = ["orderly", "backend-failed", "deadline", "drained", "disconnected"];
const STUD = endsBy("stud");
const ENDS = { client: endsBy("client"), backend: endsBy("backend") };
