/** Durations as operators write them: seconds, or a number with a unit. It checks no bounds. */

/**
 * Seconds of `30`, `0.5`, `500ms`, `30s`, `5m`, `1h` or `2d`, in upper or lower case and with one unit; NaN for
 * anything else. A minus sign is accepted, so that the caller's bounds can refuse it.
 */
export function parseDuration(text: string): number {
  const [, number, unit = "s"] = /^(-?[0-9]+(?:\.[0-9]+)?)(ms|[smhd])?$/i.exec(text) ?? [];
  const { times, per } = UNITS[unit.toLowerCase() as keyof typeof UNITS];
  return Number(number) * times / per;
}

/** How durations may be written, for messages and help. */
export const DURATION_FORMS = "500ms, 30s, 5m, 1h or 2d";

/** A division is exact, but a multiplication by 0.001 is not. */
const UNITS = {
  ms: { times: 1, per: 1000 },
  s: { times: 1, per: 1 },
  m: { times: 60, per: 1 },
  h: { times: 3600, per: 1 },
  d: { times: 86_400, per: 1 },
} as const;
