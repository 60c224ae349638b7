/** The log line for each connection that has ended, if the operator wants one. */

import type { Logger } from "../log/logger.ts";
import type { Client, Negotiated } from "../tls/engine.ts";
import { clientFacts, describeClient } from "./fault_log.ts";

/** Logs that a client's connection has ended, and what was negotiated, if the library tells. */
export function logConnection(
  log: Logger,
  client: Client,
  { protocol, cipher, alpn, resumed }: Partial<Negotiated> = {},
): void {
  const agreed = [protocol, cipher, alpn, resumed ? "resumed" : undefined]
    .filter((part) => part !== undefined).join(", ");
  log.debug("{client}: ended{agreed}", {
    client: describeClient(client),
    agreed: agreed === "" ? "" : ` (${agreed})`,
  }, { fields: { agreed: undefined, ...clientFacts(client), protocol, cipher, alpn, resumed } });
}
