/**
 * Answers which connections are open now. Nothing is recorded for that while they run: every answer is read from the
 * objects that serve them.
 */

import type { Client } from "../tls/engine.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";
import { isInNetwork, type Network, parseNetwork } from "../wire/network.ts";
import type { Frontend } from "./frontend.ts";
import type { Slot } from "./slots.ts";

/**
 * Which live connections are meant: those to which all that is set applies. Empty: all. An invalid `client` is an
 * `AddressFormatError`.
 */
export interface ConnectionFilter {
  /** The client's IP address or network, as `parseNetwork` takes it; the one in its PROXY header if there is one. */
  readonly client?: string;
  /** A frontend's name. */
  readonly frontend?: string;
  /** The name that the client asked for (SNI), in any case. */
  readonly serverName?: string;
  /** A backend's address, as logged. */
  readonly backend?: string;
  /** Seconds since the accept. */
  readonly minAge?: number;
  /** Seconds since something was last relayed, or since the accept if nothing was. */
  readonly minIdle?: number;
}

/** One open connection. Null: unknown, or not yet. */
export interface OpenConnection {
  /** `HOST:PORT`, the one in its PROXY header if there is one. */
  readonly client: string | null;
  readonly serverName: string | null;
  readonly frontend: string;
  readonly backend: string | null;
  readonly version: string | null;
  readonly cipher: string | null;
  /** Seconds. */
  readonly age: number;
  /** Seconds, to within some. */
  readonly idle: number | null;
  readonly bytesToBackend: number;
  readonly bytesToClient: number;
}

/** Those that match, as many as were asked for. */
export interface OpenConnections {
  /** How many match. */
  readonly matching: number;
  readonly connections: readonly OpenConnection[];
}

/** The open connections that match, those of each frontend with the oldest first. For errors see {@linkcode ConnectionFilter}. */
export function openConnections(
  frontends: readonly Frontend[],
  filter: ConnectionFilter,
  limit: number,
  now: number,
): OpenConnections {
  const connections: OpenConnection[] = [];
  const matcher = new LiveMatcher(filter, now);
  const matching = forEachMatching(frontends, matcher, (frontend, client, slot) => {
    if (connections.length >= limit) return;
    connections.push(matcher.describe(frontend.shares.counts.name, client, slot));
  });
  return { matching, connections };
}

/** Resets the open connections that match, and returns their number. For errors see {@linkcode ConnectionFilter}. */
export function disconnect(
  frontends: readonly Frontend[],
  filter: ConnectionFilter,
  now: number,
): number {
  const matcher = new LiveMatcher(filter, now);
  return forEachMatching(frontends, matcher, (frontend, client) => frontend.disconnect(client));
}

function forEachMatching(
  frontends: readonly Frontend[],
  matcher: LiveMatcher,
  use: (frontend: Frontend, client: Client, slot: Slot) => void,
): number {
  let matching = 0;
  for (const frontend of frontends) {
    if (!matcher.wantsFrontend(frontend.shares.counts.name)) continue;
    for (const [client, slot] of frontend.clients) {
      if (!matcher.matches(client, slot)) continue;
      matching++;
      use(frontend, client, slot);
    }
  }
  return matching;
}

/** Tells which connections match a filter at one moment, by the clock. */
class LiveMatcher {
  readonly #filter: ConnectionFilter;
  readonly #network: Network | undefined;
  readonly #now: number;

  constructor(filter: ConnectionFilter, now: number) {
    this.#filter = filter;
    this.#network = filter.client === undefined ? undefined : parseNetwork(filter.client);
    this.#now = now;
  }

  /** Whether the filter allows any connection of this frontend. */
  wantsFrontend(name: string): boolean {
    return this.#filter.frontend === undefined || this.#filter.frontend === name;
  }

  /** Whether a connection matches, not counting its frontend. */
  matches(client: Client, slot: Slot): boolean {
    const { serverName, backend, minAge = 0, minIdle = 0 } = this.#filter;
    if (serverName !== undefined && client.serverName?.toLowerCase() !== serverName.toLowerCase()) {
      return false;
    }
    if (backend !== undefined && slot.backend?.address !== backend) return false;
    if (this.#secondsSince(slot.began) < minAge) return false;
    if (this.#secondsSince(slot.relay?.movedAt ?? slot.began) < minIdle) return false;
    if (this.#network === undefined) return true;
    const host = (client.clientInHeader ?? peerOf(client))?.host;
    return host !== undefined && isInNetwork(host, this.#network);
  }

  /** The facts about a connection. */
  describe(frontend: string, client: Client, slot: Slot): OpenConnection {
    const { relay } = slot;
    const address = client.clientInHeader ?? peerOf(client);
    const agreement = relay?.agreement;
    return {
      client: address === undefined ? null : formatSocketAddress(address),
      serverName: client.serverName ?? null,
      frontend,
      backend: slot.backend?.address ?? null,
      version: agreement?.version ?? null,
      cipher: agreement?.cipher ?? null,
      age: this.#secondsSince(slot.began),
      idle: relay?.movedAt === undefined ? null : this.#secondsSince(relay.movedAt),
      bytesToBackend: relay?.bytesToBackend ?? 0,
      bytesToClient: relay?.bytesToClient ?? 0,
    };
  }

  #secondsSince(time: number): number {
    return Math.max(0, Math.round(this.#now - time) / 1000);
  }
}

/** Undefined if it is no longer available: the client may have just left. */
function peerOf({ pair }: Client) {
  try {
    const { peer } = pair;
    return peer.host === "" ? undefined : peer;
  } catch {
    return undefined;
  }
}
