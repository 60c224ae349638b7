/** The differences between two states of workers, and what to send for them. */

import { isSameData } from "../same_data.ts";
import type { Staple } from "../tls/tls_configuration.ts";
import type { Asked, WorkerState } from "./messages.ts";

/**
 * Whether a worker must prepare for the other state: something differs in addition to the backend's addresses and the
 * stapled responses.
 */
export function needsPreparation(from: WorkerState, to: WorkerState): boolean {
  if (from.configuration === to.configuration) return false;
  const { backend: _from, ...before } = from.configuration;
  const { backend: _to, ...after } = to.configuration;
  return !isSameData(before, after);
}

/** The other differences, to send as an update; undefined if there are none. */
export function updateBetween(from: WorkerState, to: WorkerState): Asked<"update"> | undefined {
  const { backend } = to.configuration;
  const isMoved = !isSameData(from.configuration.backend, backend);
  const staples = changedStaples(from.staples, to.staples);
  if (!isMoved && staples.length === 0) return undefined;
  return { ...isMoved && { backend }, ...staples.length > 0 && { staples } };
}

/** The responses as sent through the pipe. */
export function stapleList(staples: WorkerState["staples"]): Staple[] {
  return [...staples].map(([fingerprint, response]) => ({ fingerprint, response }));
}

function changedStaples(from: WorkerState["staples"], to: WorkerState["staples"]): Staple[] {
  if (from === to) return [];
  return stapleList(to).filter(({ fingerprint, response }) => from.get(fingerprint) !== response);
}
