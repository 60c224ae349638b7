/**
 * The numbers of one proxy. The code that counts takes a cell once, keeps it, and increments it: nothing is looked
 * up or created where connections are served.
 */

import { FAMILIES, type FamilyName, type LabelsOf, type NameOf } from "./families.ts";
import { labelText, seriesKey, type SeriesValue, type SeriesValues } from "./series.ts";

/** A counter or gauge. Increment `value` directly; a counter never decreases. */
export interface Cell {
  value: number;
}

/** How often values fell between bounds. */
export class Histogram {
  /** One for each bucket; the last one has no bound. */
  readonly counts: number[];
  sum = 0;
  /** The number of values. */
  total = 0;
  readonly #bounds: readonly number[];

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  /** Counts a value, in the unit of its family; less than 0 counts as 0: a sum must never decrease. */
  observe(measured: number): void {
    const value = measured > 0 ? measured : 0;
    const bounds = this.#bounds;
    let index = 0;
    while (index < bounds.length && value > bounds[index]!) index++;
    this.counts[index]!++;
    if (value > 0) this.sum += value;
    this.total++;
  }
}

/** Where a series is counted. */
export type Countable = Cell | Histogram;

/** All series of a proxy. */
export class Registry {
  readonly #cells = new Map<string, Countable>();
  /** How many series each family has. */
  readonly #sizes = new Map<FamilyName, number>();

  /** The counter with these labels, for good. */
  counter<Name extends NameOf<"counter">>(name: Name, labels: LabelsOf<Name>): Cell {
    return this.#cell(name, labels, newCell);
  }

  /** The gauge with these labels, for good. */
  gauge<Name extends NameOf<"gauge">>(name: Name, labels: LabelsOf<Name>): Cell {
    return this.#cell(name, labels, newCell);
  }

  /** The histogram with these labels, for good. */
  histogram<Name extends NameOf<"histogram">>(name: Name, labels: LabelsOf<Name>): Histogram {
    return this.#cell(name, labels, () => new Histogram(FAMILIES[name].bounds));
  }

  /** All series, in the order of their creation. */
  get series(): ReadonlyMap<string, Countable> {
    return this.#cells;
  }

  /** A copy of all values as they are now. */
  values(): SeriesValues {
    return new Map([...this.#cells].map(([key, cell]) => [key, valueOf(cell)]));
  }

  #cell<Kind extends Countable>(
    name: FamilyName,
    labels: readonly string[],
    create: () => Kind,
  ): Kind {
    const key = seriesKey(name, labels.map(labelText));
    const known = this.#cells.get(key);
    if (known !== undefined) return known as Kind;
    const size = this.#sizes.get(name) ?? 0;
    if (size >= MAX_SERIES && labels.some((label) => label !== OTHER)) {
      return this.#cell(name, labels.map(() => OTHER), create);
    }
    const cell = create();
    this.#cells.set(key, cell);
    this.#sizes.set(name, size + 1);
    return cell;
  }
}

/** The value of a cell as it is reported. */
export function valueOf(cell: Countable): SeriesValue {
  if (!(cell instanceof Histogram)) return cell.value;
  return [...cell.counts, Math.round(cell.sum * PRECISION) / PRECISION];
}

function newCell(): Cell {
  return { value: 0 };
}

/** Max series of a family; one more has the rest, all its labels `other`. */
export const MAX_SERIES = 1_000;
/** The labels of series beyond the max. */
const OTHER = "other";
/** Sums are in seconds, and are reported in whole microseconds. */
const PRECISION = 1e6;
