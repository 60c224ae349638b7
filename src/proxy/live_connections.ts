/**
 * Answers which connections are open now. Nothing is recorded for that while they run: every answer is read from the
 * objects that serve them.
 */

import type { Clock } from "../runtime/runtime.ts";
import type { Client } from "../tls/engine.ts";
import type { ConnectionFilter, LiveConnection, LiveConnections } from "../live_connection.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";
import { isInNetwork, type Network, parseNetwork } from "../wire/network.ts";
import type { Frontend } from "./frontend.ts";
import type { AdmittedConnection } from "./slots.ts";

/** What is looked through, and how. */
export interface LiveScan {
  readonly frontends: readonly Frontend[];
  /** An invalid `client` is an `AddressFormatError`. */
  readonly filter: ConnectionFilter;
  readonly clock: Pick<Clock, "now" | "turn">;
}

/** The open connections that match, the oldest first: at most `limit`, and how many there are. */
export async function openConnections(scan: LiveScan, limit: number): Promise<LiveConnections> {
  const { filter, clock } = scan;
  const matcher = new LiveMatcher(filter, clock.now());
  const { matching, found } = Object.keys(filter).length === 0
    ? firstOfEach(scan, limit)
    : await search(scan, matcher, limit);
  found.sort((one, other) => one.admitted.began - other.admitted.began);
  const connections: LiveConnection[] = [];
  for (const { frontend, client, admitted } of found.slice(0, limit)) {
    connections.push(matcher.describe(frontend.shares.counts.name, client, admitted));
    if (connections.length % AT_ONCE === 0) await clock.turn();
  }
  return { matching, connections };
}

/** All match, so only those that may be described are looked at: a frontend's clients are in the order of their arrival. */
function firstOfEach({ frontends }: LiveScan, limit: number): Search {
  const found: Found[] = [];
  for (const frontend of frontends) {
    let left = limit;
    for (const [client, admitted] of frontend.clients) {
      if (left-- <= 0) break;
      found.push({ frontend, client, admitted });
    }
  }
  return { matching: frontends.reduce((sum, { clients }) => sum + clients.size, 0), found };
}

/** Finds at most `limit` of each frontend, and how many match. */
async function search(scan: LiveScan, matcher: LiveMatcher, limit: number): Promise<Search> {
  const found: Found[] = [];
  const ofFrontend = new Map<Frontend, number>();
  const matching = await forEachMatching(scan, matcher, (one) => {
    const before = ofFrontend.get(one.frontend) ?? 0;
    if (before >= limit) return false;
    ofFrontend.set(one.frontend, before + 1);
    found.push(one);
    return false;
  });
  return { matching, found };
}

/** Resets the open connections that match, and returns their number. */
export async function disconnect(scan: LiveScan): Promise<number> {
  const matcher = new LiveMatcher(scan.filter, scan.clock.now());
  return await forEachMatching(scan, matcher, ({ frontend, client }) => {
    frontend.disconnect(client);
    return true;
  });
}

/** `use` returns whether there was work to do for it. */
async function forEachMatching(
  { frontends, clock }: LiveScan,
  matcher: LiveMatcher,
  use: (found: Found) => boolean,
): Promise<number> {
  let [matching, work] = [0, 0];
  for (const frontend of frontends) {
    if (!matcher.wantsFrontend(frontend.shares.counts.name)) continue;
    // Those that leave during a turn are left out of the iteration, and those that arrive are too new to match.
    for (const [client, admitted] of frontend.clients) {
      work++;
      if (matcher.matches(client, admitted)) {
        matching++;
        if (use({ frontend, client, admitted })) work += USE_WORK;
      }
      if (work < MAX_WORK) continue;
      // The connections are served meanwhile, and do not wait for the whole scan.
      await clock.turn();
      work = 0;
    }
  }
  return matching;
}

/** A connection that matches. */
interface Found {
  readonly frontend: Frontend;
  readonly client: Client;
  readonly admitted: AdmittedConnection;
}

/** What a search has found. */
interface Search {
  readonly matching: number;
  readonly found: Found[];
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
  matches(client: Client, admitted: AdmittedConnection): boolean {
    const { serverName, backend, minAge = 0, minIdle = 0 } = this.#filter;
    if (admitted.began > this.#now) return false;
    if (serverName !== undefined && client.serverName?.toLowerCase() !== serverName.toLowerCase()) {
      return false;
    }
    if (backend !== undefined && admitted.backend?.address !== backend) return false;
    if (this.#secondsSince(admitted.began) < minAge) return false;
    if (this.#secondsSince(admitted.relay?.movedAt ?? admitted.began) < minIdle) return false;
    if (this.#network === undefined) return true;
    const host = (client.clientInHeader ?? peerOf(client))?.host;
    return host !== undefined && isInNetwork(host, this.#network);
  }

  /** The facts about a connection. */
  describe(frontend: string, client: Client, admitted: AdmittedConnection): LiveConnection {
    const { relay } = admitted;
    const address = client.clientInHeader ?? peerOf(client);
    const agreement = relay?.agreement;
    return {
      client: address === undefined ? null : formatSocketAddress(address),
      serverName: client.serverName ?? null,
      frontend,
      backend: admitted.backend?.address ?? null,
      version: agreement?.version ?? null,
      cipher: agreement?.cipher ?? null,
      age: this.#secondsSince(admitted.began),
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

/** How much more work it is to describe or reset a connection than to look at one. */
const USE_WORK = 10;
/** A millisecond or two, also of code that runs for the first time. */
const MAX_WORK = 500;
/** How many are described without a turn for the connections. */
const AT_ONCE = MAX_WORK / USE_WORK;
