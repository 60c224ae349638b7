/**
 * Series outside the process that counts them: a key and a value for each, as they go through the control pipe and
 * as the supervisor adds them up. A worker is not trusted, so keys and values are checked here.
 */

import { FAMILIES, type Family, type FamilyName } from "./families.ts";

/**
 * A number or, for a histogram, how many values fell into each bucket (each value in one, the last bucket has no
 * bound), followed by the sum of all values.
 */
export type SeriesValue = number | readonly number[];

/** Values by key. */
export type SeriesValues = ReadonlyMap<string, SeriesValue>;

/** A series: its family and one value for each of the family's labels. */
export interface SeriesName {
  readonly family: FamilyName;
  readonly labels: readonly string[];
}

/** The key of a series. */
export function seriesKey(family: FamilyName, labels: readonly string[]): string {
  return JSON.stringify([family, ...labels]);
}

/** The series with this key; undefined if there can be none. */
export function parseSeriesKey(key: string): SeriesName | undefined {
  if (key.length > MAX_KEY) return undefined;
  const parts = parsed(key);
  if (!Array.isArray(parts) || !parts.every((part) => typeof part === "string")) return undefined;
  const [name, ...labels] = parts as string[];
  if (name === undefined || !Object.hasOwn(FAMILIES, name)) return undefined;
  const family = name as FamilyName;
  if (labels.length !== FAMILIES[family].labels.length || !labels.every(isLabel)) return undefined;
  return { family, labels };
}

/** Whether a value fits a family. */
export function isSeriesValue(value: unknown, { kind, bounds }: Family): value is SeriesValue {
  if (kind !== "histogram") return isCount(value);
  return Array.isArray(value) && value.length === bounds!.length + 2 &&
    value.every((each, index) => index > bounds!.length ? isAmount(each) : isCount(each));
}

/** Adds values to sums. `withGauges`: states too, which end with their process. */
export function addSeries(
  sums: Map<string, SeriesValue>,
  values: SeriesValues,
  withGauges: boolean,
): void {
  for (const [key, value] of values) {
    if (!withGauges && isGauge(key)) continue;
    sums.set(key, sumOf(sums.get(key), value));
  }
}

/** The sum of two values of a series; undefined: none yet. */
export function sumOf(sum: SeriesValue | undefined, value: SeriesValue): SeriesValue {
  if (sum === undefined) return value;
  if (typeof sum === "number") return typeof value === "number" ? sum + value : value;
  return typeof value === "number" ? value : sum.map((each, index) => each + value[index]!);
}

/** A label's text in the form that every series can have. */
export function labelText(text: string): string {
  const printable = text.replace(new RegExp(UNPRINTABLE, "gu"), "?");
  return printable.length > MAX_LABEL ? `${printable.slice(0, MAX_LABEL - 1)}…` : printable;
}

function isGauge(key: string): boolean {
  const family = parseSeriesKey(key)?.family;
  return family !== undefined && FAMILIES[family].kind === "gauge";
}

function isLabel(text: string): boolean {
  return text.length <= MAX_LABEL && !UNPRINTABLE.test(text);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Max UTF-16 code units of a label's value; a unix socket's path has at most 108 bytes. */
export const MAX_LABEL = 200;
/** Max series of one worker. */
export const MAX_ALL_SERIES = 20_000;
/** Max UTF-16 code units of a key. */
const MAX_KEY = 2_000;
/** Controls, line separators and what else changes the direction or the meaning of a line. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
