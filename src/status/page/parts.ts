/** What the page's sections are made of: cards, tables, bars and charts. Runs in the browser too: see tree.ts. */

import { type Content, el, type Tree } from "./tree.ts";
import { count, percent } from "./words.ts";

/** One column of a table. */
export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => Content;
  /** Numbers are aligned at their end; long text is broken anywhere, everything else nowhere. */
  readonly kind?: "number" | "long";
}

/** A section with its heading, which the page's navigation leads to. */
export function section(id: string, title: string, ...content: Content[]): Tree {
  return el(
    "section",
    { id, "aria-labelledby": `${id}-title`, tabindex: -1 },
    el("h2", { id: `${id}-title` }, title),
    content,
  );
}

/** A card with a heading of the third level. */
export function card(title: string, ...content: Content[]): Tree {
  return el("div", { class: "card" }, el("h3", {}, title), content);
}

/** A table; the first column names the row. On a narrow screen each row becomes a block. */
export function table<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  key: (row: Row, index: number) => string,
): Tree {
  const kindOf = ({ kind }: Column<Row>) =>
    kind === undefined ? null : kind === "number" ? "n" : "long";
  const cell = (column: Column<Row>, row: Row, first: boolean) => {
    const content = column.cell(row);
    const kind = kindOf(column);
    return first
      ? el("th", { scope: "row", class: kind }, content)
      : el("td", { class: kind, "data-label": column.head }, el("div", {}, content));
  };
  return el(
    "div",
    { class: "card scroll", tabindex: 0, role: "region", "aria-label": caption },
    el(
      "table",
      {},
      el("caption", { class: "unseen" }, caption),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          columns.map((column) => el("th", { scope: "col", class: kindOf(column) }, column.head)),
        ),
      ),
      el(
        "tbody",
        {},
        rows.map((row, index) =>
          el(
            "tr",
            { "data-key": key(row, index) },
            columns.map((column, place) => cell(column, row, place === 0)),
          )
        ),
      ),
    ),
  );
}

/** In place of a table without rows. */
export function empty(text: string): Tree {
  return el("p", { class: "card empty" }, text);
}

/** A word in a colored frame. */
export function badge(kind: "good" | "warn" | "bad" | "plain", text: string): Tree {
  return el("span", { class: `badge ${kind}` }, text);
}

/** Counts by name as bars, the largest first; of many the rest is one. */
export function shares(title: string, counts: Readonly<Record<string, number>>): Tree {
  const max = 8;
  const sorted = Object.entries(counts).filter(([, value]) => value > 0)
    .sort(([, a], [, b]) => b - a);
  const total = sorted.reduce((sum, [, value]) => sum + value, 0);
  const shown = sorted.slice(0, max);
  const rest = sorted.slice(max).reduce((sum, [, value]) => sum + value, 0);
  if (rest > 0) shown.push([`${sorted.length - max} others`, rest]);
  return card(
    title,
    shown.length === 0 ? el("p", { class: "muted" }, "None yet.") : el(
      "dl",
      { class: "shares" },
      shown.map(([name, value]) =>
        el(
          "div",
          { "data-key": name },
          el("dt", {}, name),
          el("dd", {}, el("b", {}, percent(value / total)), ` ${count(value)}`),
          bar(value / total),
        )
      ),
    ),
  );
}

/** A share of 1 as a bar. */
export function bar(share: number): Tree {
  return el(
    "svg",
    { class: "bar", viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": "true" },
    el("rect", { width: 100, height: 1, class: "track" }),
    el("rect", { width: Math.round(share * 1000) / 10, height: 1 }),
  );
}

/** One line of a chart. */
export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

/** The last ten minutes of up to two series, with the present value of each; `write` writes one. */
export function chart(
  title: string,
  series: readonly Series[],
  step: number,
  write: (value: number) => string,
): Tree {
  const width = Math.max(1, Math.round(600 / step));
  const peak = Math.max(0, ...series.flatMap(({ values }) => values));
  const height = 100;
  const path = ({ values }: Series) => {
    const shown = values.slice(-width - 1);
    const at = (value: number) => Math.round(height - 2 - (peak > 0 ? value / peak : 0) * 92);
    const first = width - shown.length + 1;
    // The path leaves the picture at its sides and bottom, where its stroke would be seen otherwise.
    const start = at(shown[0] ?? 0);
    const steps = shown.slice(1).map((value, index) => `1 ${at(value) - at(shown[index]!)}`);
    const line = steps.length > 0 ? `l${steps.join(" ")}` : "";
    return `M${first - 9} ${height + 9}V${start}H${first}${line}h9V${height + 9}Z`;
  };
  const now = ({ values }: Series) => write(values.at(-1) ?? 0);
  const told = series.map((one) => `${one.name === "" ? "" : `${one.name}: `}now ${now(one)}`);
  return el(
    "div",
    { class: "card chart" },
    el("h3", {}, title),
    el(
      "p",
      { class: "figures" },
      series.map((one, index) =>
        el(
          "span",
          { class: `s${index}` },
          el("b", {}, now(one)),
          one.name === "" ? null : el("small", {}, el("i", {}), one.name),
        )
      ),
    ),
    el(
      "svg",
      {
        viewBox: `0 0 ${width} ${height}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `${title}, the last ten minutes: ${told.join(", ")}; peak ${write(peak)}`,
      },
      [25, 50, 75].map((y) => el("path", { class: "grid", d: `M0 ${y}H${width}` })),
      series.map((one, index) =>
        el("path", {
          class: `line s${index}`,
          d: path(one),
        })
      ),
    ),
    el(
      "p",
      { class: "axis", "aria-hidden": "true" },
      el("span", {}, "10 min ago"),
      el("span", {}, `peak ${write(peak)}`),
      el("span", {}, "now"),
    ),
  );
}

/** The functions of this file, for the page's script. */
export const PARTS = [section, card, table, empty, badge, shares, bar, chart];
