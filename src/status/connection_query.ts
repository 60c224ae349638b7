/** Which connections a request means: the parameters of `/connections` and `/disconnect`. */

import { MAX_CONNECTIONS } from "../control/messages.ts";
import type { ConnectionFilter } from "../live_connection.ts";
import { parseNetwork } from "../wire/network.ts";
import { QueryError } from "./query.ts";

/** The parameters that choose connections. */
export const FILTERS = ["client", "frontend", "sni", "backend", "min-age", "min-idle"] as const;

/** The filter in a query, and how many connections it asks for. Throws {@linkcode QueryError}. */
export function connectionQuery(
  query: ReadonlyMap<string, string>,
): { readonly filter: ConnectionFilter; readonly limit: number } {
  const client = query.get("client");
  if (client !== undefined) checkNetwork(client);
  const [frontend, backend] = [query.get("frontend"), query.get("backend")];
  const serverName = query.get("sni");
  const [minAge, minIdle] = [seconds("min-age", query), seconds("min-idle", query)];
  const filter = {
    ...client !== undefined && { client },
    ...frontend !== undefined && { frontend },
    ...serverName !== undefined && { serverName },
    ...backend !== undefined && { backend },
    ...minAge !== undefined && { minAge },
    ...minIdle !== undefined && { minIdle },
  };
  return { filter, limit: limitOf(query) };
}

function checkNetwork(client: string): void {
  try {
    parseNetwork(client);
  } catch {
    throw new QueryError("client must be an IP address or a network such as 192.0.2.0/24");
  }
}

function seconds(name: string, query: ReadonlyMap<string, string>): number | undefined {
  const value = query.get(name);
  if (value === undefined) return undefined;
  if (!/^\d{1,9}(\.\d{1,6})?$/.test(value)) {
    throw new QueryError(`${name} must be a number of seconds`);
  }
  return Number(value);
}

function limitOf(query: ReadonlyMap<string, string>): number {
  const value = query.get("limit") ?? String(DEFAULT_LIMIT);
  const limit = /^\d{1,6}$/.test(value) ? Number(value) : 0;
  if (limit >= 1 && limit <= MAX_CONNECTIONS) return limit;
  throw new QueryError(`limit must be a whole number from 1 to ${MAX_CONNECTIONS}`);
}

const DEFAULT_LIMIT = 100;
