/** Tables of text for a terminal. Strangers' text is escaped, so it cannot control the terminal. */

import { printable } from "../wire/escape.ts";

/** A column: its heading, and how its values are aligned. */
export interface Heading {
  readonly title: string;
  /** Numbers are aligned on the right. */
  readonly isNumber?: boolean;
}

/**
 * Lines of at most `width` characters, the heading first. Columns are as wide as their longest value, but none takes more
 * than half of a line from the others.
 */
export function tableLines(
  headings: readonly Heading[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const max = Math.max(MIN_CELL, Math.floor(width / 2));
  const cellsOf = (row: readonly string[]) =>
    row.map((cell, column) =>
      column === row.length - 1 ? printable(cell) : shortened(printable(cell), max)
    );
  const cells = [headings.map(({ title }) => title), ...rows.map(cellsOf)];
  const widths = headings.map((_, column) =>
    Math.max(...cells.map((row) => (row[column] ?? "").length))
  );
  return cells.map((row) => {
    const padded = row.map((cell, column) => {
      const isLast = column === row.length - 1;
      if (headings[column]!.isNumber) return cell.padStart(widths[column]!);
      return isLast ? cell : cell.padEnd(widths[column]!);
    });
    return shortened(padded.join("  "), width);
  });
}

/** A line of at most `width` characters. */
export function shortened(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}

/** Characters that every column may have. */
const MIN_CELL = 20;
