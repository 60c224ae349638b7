/** Medians, spreads and percentiles of measured values. Pure. */

/** The median; NaN without values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? NaN)) / 2;
}

/**
 * The smallest value that at least `percent` percent of all values do not exceed (nearest rank), so it is always a
 * measured one; NaN without values.
 */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  // 99.9 / 100 * 1000 is 999.0000000000001, which must not become rank 1000.
  const rank = Math.ceil(Number((percent / 100 * sorted.length).toFixed(6)));
  return sorted[Math.max(rank, 1) - 1] ?? NaN;
}

/** Half of the range of the middle half of the values, relative to the median. */
export function spread(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const quarter = sorted.length >> 2;
  const range = (sorted[sorted.length - 1 - quarter] ?? NaN) - (sorted[quarter] ?? NaN);
  return range === 0 ? 0 : range / 2 / median(values);
}

/** The median of the ratios. Where figures form pairs, each ratio is of a pair measured in succession. */
export function medianRatio(figures: readonly number[], bases: readonly number[]): number {
  if (figures.length !== bases.length) return median(figures) / median(bases);
  return median(figures.map((figure, index) => figure / bases[index]!));
}
