/** The last reloads and the latest warnings. Runs in the browser too: see tree.ts. */

import type { LogLineStatus, ReloadStatus, Status } from "../status.ts";
import { badge, type Column, empty, section, table } from "./parts.ts";
import { el, type Tree } from "./tree.ts";
import { ago, count } from "./words.ts";

/** The last reloads. */
export function reloads({ reloads: rows, time }: Status): Tree {
  const max = 20;
  const kind = { changed: "good", unchanged: "plain", failed: "bad" } as const;
  const columns: Column<ReloadStatus>[] = [
    { head: "When", cell: (row) => ago(row.time, time) },
    { head: "Outcome", cell: ({ outcome }) => badge(kind[outcome] ?? "plain", outcome) },
    { head: "What", kind: "long", cell: ({ what }) => what },
  ];
  return section(
    "reloads",
    "Reloads",
    rows.length === 0
      ? empty("None since the start.")
      : table("The last reloads", columns, rows.slice(0, max), (row, n) => `${row.time} ${n}`),
  );
}

/** The latest lines of the log that are worth reading. */
export function warnings({ warnings: rows, time }: Status): Tree {
  const max = 50;
  const columns: Column<LogLineStatus>[] = [
    { head: "When", cell: (row) => ago(row.time, time) },
    {
      head: "Level",
      cell: ({ level }) => badge(level === "error" ? "bad" : "warn", level),
    },
    { head: "Line", kind: "long", cell: ({ text }) => el("code", {}, text) },
  ];
  return section(
    "warnings",
    "Warnings",
    rows.length === 0
      ? empty("None since the start.")
      : table("The latest warnings", columns, rows.slice(0, max), (row, n) => `${row.time} ${n}`),
    rows.length > max ? el("p", { class: "muted" }, `and ${count(rows.length - max)} older`) : null,
  );
}

/** The functions of this file, for the page's script. */
export const EVENTS = [reloads, warnings];
