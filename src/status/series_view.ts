/** The numbers that workers count, in a form to ask: sums by family, label and worker. */

import { FAMILIES, type FamilyName } from "../metrics/families.ts";
import { parseSeriesKey, type SeriesValue, type SeriesValues, sumOf } from "../metrics/series.ts";

/** One series. */
export interface SeriesEntry {
  readonly labels: readonly string[];
  readonly value: SeriesValue;
}

/** The sums of series by family. */
export class SeriesView {
  readonly #families = new Map<FamilyName, Map<string, SeriesEntry>>();

  /**
   * `all`: the series of each worker. `frontendName` is the name of a frontend for the label that workers use; several
   * may have the same one.
   */
  constructor(
    all: Iterable<SeriesValues>,
    frontendName: (label: string) => string = (label) => label,
  ) {
    for (const series of all) {
      for (const [key, value] of series) {
        const name = parseSeriesKey(key);
        if (name === undefined) continue;
        const place = (FAMILIES[name.family].labels as readonly string[]).indexOf("frontend");
        const labels = place < 0
          ? name.labels
          : name.labels.with(place, frontendName(name.labels[place]!));
        this.#add(name.family, labels, value);
      }
    }
  }

  #add(family: FamilyName, labels: readonly string[], value: SeriesValue): void {
    let entries = this.#families.get(family);
    if (entries === undefined) this.#families.set(family, entries = new Map());
    // No label has a control character.
    const key = labels.join("\n");
    entries.set(key, { labels, value: sumOf(entries.get(key)?.value, value) });
  }

  /** All series of a family. */
  of(family: FamilyName): readonly SeriesEntry[] {
    return [...this.#families.get(family)?.values() ?? []];
  }

  /** The sum over the series that have these labels. */
  total(family: FamilyName, where: Readonly<Record<string, string>> = {}): number {
    return this.#matching(family, where).reduce((sum, { value }) => sum + amount(value), 0);
  }

  /** The sums by one label. */
  by(
    family: FamilyName,
    label: string,
    where: Readonly<Record<string, string>> = {},
  ): Record<string, number> {
    const place = (FAMILIES[family].labels as readonly string[]).indexOf(label);
    const sums = new Map<string, number>();
    for (const { labels, value } of this.#matching(family, where)) {
      const text = labels[place]!;
      sums.set(text, (sums.get(text) ?? 0) + amount(value));
    }
    return Object.fromEntries(sums);
  }

  /** The mean of the values that a histogram has counted; null if there are none. */
  mean(family: FamilyName, where: Readonly<Record<string, string>> = {}): number | null {
    let [count, sum] = [0, 0];
    for (const { value } of this.#matching(family, where)) {
      if (typeof value === "number") continue;
      count += amount(value);
      sum += value.at(-1)!;
    }
    return count === 0 ? null : sum / count;
  }

  #matching(
    family: FamilyName,
    where: Readonly<Record<string, string>>,
  ): readonly SeriesEntry[] {
    const names = FAMILIES[family].labels as readonly string[];
    const wanted = Object.entries(where);
    return this.of(family).filter(({ labels }) =>
      wanted.every(([name, value]) => labels[names.indexOf(name)] === value)
    );
  }
}

/** Of a histogram: how many values it has counted. */
function amount(value: SeriesValue): number {
  return typeof value === "number"
    ? value
    : value.slice(0, -1).reduce((sum, count) => sum + count, 0);
}
