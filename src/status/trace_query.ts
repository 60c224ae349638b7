/** Which clients a request wants traced, and for how long: the parameters of `/trace`. */

import { DURATION_FORMS, parseDuration } from "../config/duration.ts";
import { parseNetwork } from "../wire/network.ts";
import { QueryError } from "./query.ts";

/** The network and the seconds in a query. Throws {@linkcode QueryError}. */
export function traceQuery(
  query: ReadonlyMap<string, string>,
): { readonly cidr: string; readonly seconds: number } {
  const cidr = query.get("cidr") ?? "";
  try {
    parseNetwork(cidr);
  } catch {
    throw new QueryError("cidr must be an IP address or a network such as 192.0.2.0/24");
  }
  const seconds = parseDuration(query.get("for") ?? DEFAULT_TIME);
  if (seconds >= 1 && seconds <= DAY) return { cidr, seconds };
  throw new QueryError(`for must be from 1s to 1d, for example ${DURATION_FORMS}`);
}

const DEFAULT_TIME = "10m";
/** Seconds. */
const DAY = 86_400;
