/**
 * Turns the limits that the operator set into rules for one worker. Limits on handshakes are per worker. Limits on
 * connections are for all workers together, and each worker gets an equal share, rounded up: workers do not know
 * each other's clients, and the kernel spreads new connections evenly.
 */

import type { ConnectionLimits } from "../config/settings.ts";
import { type AdmissionRules, DESCRIPTOR_GRACE, DESCRIPTORS, GRACE } from "./admission.ts";
import type { Arrival, SlotRule } from "./slots.ts";

/** One worker's share. */
export interface WorkerShare {
  /** How many workers share the clients; 1 or undefined if there is only this process. */
  readonly workers?: number | undefined;
  /** All connections of a client go to the same worker (`--steer-by-client`). */
  readonly clientsStay: boolean;
}

/** The rules for all connections of a worker or, if a frontend is named, for those of that frontend. */
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
  const slots: SlotRule[] = [];
  if (maxHandshakes > 0 && maxHandshakes < Infinity) {
    const name = label("max-handshakes", maxHandshakes);
    const holdsFor: Arrival[] = ["asked"];
    slots.push({ name, counts: "handshakes", max: maxHandshakes, grace: GRACE, holdsFor });
  }
  if (maxConnections > 0) {
    const share = shared("max-connections", maxConnections, workers);
    const holdsFor: Arrival[] = ["asked", "unasked"];
    slots.push({ ...share, counts: "connections", grace: DESCRIPTOR_GRACE, holdsFor });
  }
  return {
    slots,
    client: maxConnectionsPerClient > 0
      ? shared("max-connections-per-client", maxConnectionsPerClient, clientsStay ? 1 : workers)
      : undefined,
  };
}

/**
 * The rule for a process that may have `descriptors` open (0 or undefined if unknown) and listens on `listeners`
 * sockets. A second descriptor is reserved for each client's backend, so every client that completes its handshake
 * can be served.
 */
export function descriptorRule(descriptors = 0, listeners: number): SlotRule[] {
  if (descriptors === 0) return [];
  return [{
    name: DESCRIPTORS,
    counts: "connections",
    max: Math.max(1, (descriptors - OWN_DESCRIPTORS - listeners) >> 1),
    grace: DESCRIPTOR_GRACE,
    holdsFor: ["asked", "unasked", "last"],
  }];
}

/** Pipes, and what the runtime itself keeps open. */
const OWN_DESCRIPTORS = 40;
