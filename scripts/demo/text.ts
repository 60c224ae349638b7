/** The demo's answer to curl and the like. */

import { headerOf, type RequestFacts } from "./facts.ts";

/** A few lines of text. */
export function textAnswer(facts: RequestFacts): string {
  return [
    `request:      ${facts.requestLine}`,
    `client:       ${facts.client}, from the PROXY line`,
    `user agent:   ${headerOf(facts, "user-agent") ?? "not told"}`,
    `TLS:          ${tlsOf(facts)}`,
    `relayed by:   ${workerOf(facts)}`,
    `what arrived: ${JSON.stringify(facts.proxyLine)}, then plain HTTP`,
    `post-quantum: ${postQuantumOf(facts)}`,
    ...(facts.statusPage === undefined ? [] : [`status page:  ${facts.statusPage}`]),
    "",
  ].join("\n");
}

/** Version, cipher and server name of the client's connection, as far as the TLS library tells them. */
export function tlsOf({ connection, status }: RequestFacts): string {
  const library = status?.tlsLibrary ?? "the TLS library";
  const { version, cipher, serverName } = connection ?? {};
  if (!version) return `by ${library}, which does not tell version and cipher`;
  return `${version}, ${cipher}${serverName ? `, for ${serverName}` : ""}, by ${library}`;
}

/** The worker of the client's connection. */
export function workerOf({ connection, workerPid }: RequestFacts): string {
  if (connection === null) return "unknown";
  return `worker ${connection.worker} (process ${workerPid ?? "unknown"})`;
}

/** Whether a client can have a post-quantum key exchange, and why not. */
export function postQuantumOf({ status }: Pick<RequestFacts, "status">): string {
  if (status === null) return "unknown";
  const { offered, groups, why } = status.postQuantum;
  return offered ? `offered: ${groups.join(", ")}` : `not offered: ${why}`;
}
