/** What log lines have about a client, for programs. */

import type { Client } from "../tls/engine.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";

/** A client as fields of a log line; without those that are unknown. */
export type ClientFacts = {
  readonly client?: string;
  readonly frontend?: string;
  /** The address in its PROXY header. */
  readonly onBehalfOf?: string;
  readonly sni?: string;
};

/** What a log line has about a client, for programs. Never throws. */
export function clientFacts(client: Client): ClientFacts {
  try {
    const { pair: { peer, local }, clientInHeader, serverName, strangeName } = client;
    const sni = serverName ?? strangeName;
    return {
      ...peer.host !== "" && { client: formatSocketAddress(peer) },
      frontend: formatSocketAddress(local),
      ...clientInHeader && { onBehalfOf: formatSocketAddress(clientInHeader) },
      ...sni !== undefined && { sni },
    };
  } catch {
    return {};
  }
}
