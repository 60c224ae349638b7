/** What stud serves, as the line of the log that says so, and as fields for programs. */

import { counted } from "../counted.ts";
import type { About } from "../log/log.ts";
import type { Plan } from "../plan/plan.ts";
import type { SocketAddress } from "../runtime/runtime.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";

/** What is served. */
export interface Serving {
  readonly plan: Plan;
  /** Where the workers listen. */
  readonly addresses: readonly SocketAddress[];
  /** The TLS library of the workers and its version. */
  readonly library: string;
}

/** One line. */
export function describeServing({ plan, addresses, library }: Serving): string {
  const { configuration, workers, tlsBecause } = plan;
  const where = addresses.map(formatSocketAddress).join(" and ");
  const tls = configuration.tls.backend === undefined ? "TLS" : "TLS to the backend";
  const why = tlsBecause === undefined ? "" : ` because of ${tlsBecause}`;
  return `${counted(workers, "worker")} ${workers === 1 ? "serves" : "serve"} on ${where}, ` +
    `backend ${backendOf(plan)}, ${tls} by ${library}${why}`;
}

/** The same for programs. */
export function servingFacts({ plan, addresses, library }: Serving): About {
  return {
    event: "serving",
    fields: {
      serving: undefined,
      workers: plan.workers,
      frontends: addresses.map(formatSocketAddress).join(" "),
      backend: backendOf(plan),
      tlsLibrary: library,
      because: plan.tlsBecause,
    },
  };
}

function backendOf({ configuration: { backend: [backend] } }: Plan): string | undefined {
  return backend?.kind === "tcp" ? formatSocketAddress(backend) : backend?.path;
}
