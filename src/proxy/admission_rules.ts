/**
 * The limits that an operator has set, as rules for one worker. Limits on handshakes are each worker's; those on
 * connections are for all workers together, and each worker has an equal share of them, rounded up: workers do not
 * know of each other's clients, and the kernel spreads new connections evenly.
 */

import type { ConnectionLimits } from "../config/settings.ts";
import { type AdmissionRules, DESCRIPTOR_GRACE, DESCRIPTORS, GRACE } from "./admission.ts";
import type { Arrival, PlaceRule } from "./places.ts";

/** What one worker has of them. */
export interface WorkerShare {
  /** How many workers share the clients; 1 or undefined: there is this process alone. */
  readonly workers?: number | undefined;
  /** All connections of a client come to one worker (`--steer-by-client`). */
  readonly clientsStay: boolean;
}

/** The rules for all connections of a worker, or of one frontend, which is named then. */
export function admissionRules(
  { maxHandshakes = 0, maxConnections = 0, maxConnectionsPerClient = 0 }: Partial<ConnectionLimits>,
  { workers = 1, clientsStay }: WorkerShare,
  frontend?: string,
): AdmissionRules {
  const label = (option: string, max: number) =>
    frontend === undefined ? `--${option} ${max}` : `${option} ${max} of frontend ${frontend}`;
  const shared = (option: string, max: number, by: number) => {
    const share = Math.ceil(max / by);
    const own = by === 1 ? "" : ` (${share} for each of ${by} workers)`;
    return { name: label(option, max) + own, max: share };
  };
  const places: PlaceRule[] = [];
  if (maxHandshakes > 0 && maxHandshakes < Infinity) {
    const name = label("max-handshakes", maxHandshakes);
    const holdsFor: Arrival[] = ["asked"];
    places.push({ name, counts: "handshakes", max: maxHandshakes, grace: GRACE, holdsFor });
  }
  if (maxConnections > 0) {
    const share = shared("max-connections", maxConnections, workers);
    const holdsFor: Arrival[] = ["asked", "unasked"];
    places.push({ ...share, counts: "connections", grace: DESCRIPTOR_GRACE, holdsFor });
  }
  return {
    places,
    client: maxConnectionsPerClient > 0
      ? shared("max-connections-per-client", maxConnectionsPerClient, clientsStay ? 1 : workers)
      : undefined,
  };
}

/**
 * The rule of a process that may have so many descriptors open, 0 or undefined if nobody knows, and listens on so
 * many sockets. Every client has a second one reserved for its backend: whoever has done its handshake is served.
 */
export function descriptorRule(descriptors = 0, listeners: number): PlaceRule[] {
  if (descriptors === 0) return [];
  return [{
    name: DESCRIPTORS,
    counts: "connections",
    max: Math.max(1, (descriptors - OWN_DESCRIPTORS - listeners) >> 1),
    grace: DESCRIPTOR_GRACE,
    holdsFor: ["asked", "unasked", "last"],
  }];
}

/** Pipes, and what the runtime itself has open. */
const OWN_DESCRIPTORS = 40;
