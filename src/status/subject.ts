/** What the status is about: the running parts of a stud, as far as it looks at them. */

import type { Fleet } from "../fleet/fleet.ts";
import type { SupervisorPhase } from "../fleet/supervisor.ts";
import type { Plan } from "../plan/plan.ts";
import type { SocketAddress } from "../runtime/runtime.ts";

/** A supervisor. */
export interface StatusSubject {
  readonly phase: SupervisorPhase;
  readonly plan: Plan;
  readonly frontends: readonly ServedFrontend[];
  /** The TLS library of the workers; empty until they serve. */
  readonly library: string;
  readonly fleet: Pick<
    Fleet,
    "metrics" | "workers" | "connections" | "disconnect" | "faults" | "trace"
  >;
}

/** One frontend. */
export interface ServedFrontend {
  /** As the operator wrote it. */
  readonly text: string;
  readonly addresses: readonly SocketAddress[];
}

/** OCSP responses that are stapled instead of those that came with the certificates; null: none. */
export type Staples = ReadonlyMap<string, string | null>;
