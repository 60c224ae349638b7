/** What has to be said, or done, so that workers of one state are of another. */

import { isSameData } from "../same_data.ts";
import type { Staple } from "../tls/tls_configuration.ts";
import type { Asked, WorkerState } from "./messages.ts";

/**
 * Whether a worker has to prepare for the other state: something differs besides the addresses of the backend and what is
 * stapled.
 */
export function needsPreparation(from: WorkerState, to: WorkerState): boolean {
  if (from.configuration === to.configuration) return false;
  const { backend: _from, ...before } = from.configuration;
  const { backend: _to, ...after } = to.configuration;
  return !isSameData(before, after);
}

/** What else is to be said; undefined: nothing. */
export function updateBetween(from: WorkerState, to: WorkerState): Asked<"update"> | undefined {
  const { backend } = to.configuration;
  const isMoved = !isSameData(from.configuration.backend, backend);
  const staples = changedStaples(from.staples, to.staples);
  if (!isMoved && staples.length === 0) return undefined;
  return { ...isMoved && { backend }, ...staples.length > 0 && { staples } };
}

/** As it goes through the pipe. */
export function stapleList(staples: WorkerState["staples"]): Staple[] {
  return [...staples].map(([fingerprint, response]) => ({ fingerprint, response }));
}

function changedStaples(from: WorkerState["staples"], to: WorkerState["staples"]): Staple[] {
  if (from === to) return [];
  return stapleList(to).filter(({ fingerprint, response }) => from.get(fingerprint) !== response);
}
