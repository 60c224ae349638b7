/** The line for a connection that has ended, for those who log every one. */

import type { Logger } from "../log/logger.ts";
import type { Client, Negotiated } from "../tls/engine.ts";
import { describeClient } from "./fault_log.ts";

/** Logs that a client's connection has ended, and what was agreed on as far as the library tells. */
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
  });
}
