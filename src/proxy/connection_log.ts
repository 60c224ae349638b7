/** The log line for each connection that has ended, if the operator wants one. */

import type { Logger } from "../log/logger.ts";
import type { Client, Negotiated } from "../tls/engine.ts";
import { describeClient } from "./fault_log.ts";

/** Logs that a client's connection has ended, and what was negotiated, if the library tells. */
export function logConnection(
  log: Logger,
  client: Client,
  negotiated?: Partial<Negotiated>,
): void {
  const agreed = describeAgreed(negotiated);
  log.debug("{client}: ended{agreed}", {
    client: describeClient(client),
    agreed: agreed === "" ? "" : ` (${agreed})`,
  });
}

/** What was negotiated, in a few words; empty if the library does not tell. */
export function describeAgreed(
  { protocol, cipher, group, alpn, resumed }: Partial<Negotiated> = {},
  { withGroup = false } = {},
): string {
  const parts = [protocol, cipher, withGroup ? group : undefined, alpn, resumed && "resumed"];
  return parts.filter(Boolean).join(", ");
}
