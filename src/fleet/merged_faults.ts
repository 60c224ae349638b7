/** What has failed in several workers, as one. */

import type { HandshakeFailure, WorkerFaults } from "../control/messages.ts";

/** Handshakes are summed, with the last of each, the most frequent first; of each backend address the last failure counts. */
export function mergedFaults(all: readonly WorkerFaults[]): WorkerFaults {
  const backends = all.flatMap((one) => one.backends)
    .toSorted((one, other) => one.time < other.time ? -1 : 1);
  return {
    handshakes: mergedHandshakes(all.flatMap(({ handshakes }) => handshakes)),
    backends: [...new Map(backends.map((one) => [one.address, one])).values()],
  };
}

function mergedHandshakes(all: readonly HandshakeFailure[]): HandshakeFailure[] {
  const merged = new Map<string, HandshakeFailure>();
  for (const failure of all) {
    const key = `${failure.frontend}\n${failure.reason}`;
    const known = merged.get(key);
    const last = known !== undefined && known.lastTime > failure.lastTime ? known : failure;
    merged.set(key, { ...last, count: failure.count + (known?.count ?? 0) });
  }
  return [...merged.values()].toSorted((one, other) => other.count - one.count);
}
