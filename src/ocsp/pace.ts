/** When OCSP responses are fetched again. All times are in milliseconds. */

/** `random` is a number from 0 to 1, so that machines and certificates do not all ask at the same time. */
export interface OcspPace {
  readonly refreshInterval: number;
  readonly random: number;
}

/** Milliseconds until the next fetch, for a response that is valid for `left` milliseconds. */
export function refreshPause(left: number, { refreshInterval, random }: OcspPace): number {
  const pause = Math.min(refreshInterval, left / 2);
  return Math.max(SHORTEST_PAUSE, pause * (1 - random / 10));
}

/** Milliseconds until the next fetch after this many failures in a row, including the last one. */
export function retryPause(failures: number, { refreshInterval, random }: OcspPace): number {
  const pause = Math.min(FIRST_PAUSE * 2 ** Math.min(failures - 1, 30), refreshInterval);
  return pause * (0.75 + random / 2);
}

const SHORTEST_PAUSE = 1_000;
const FIRST_PAUSE = 10_000;
