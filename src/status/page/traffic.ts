/** Charts, frontends, workers and backends. Runs in the browser too: see tree.ts. */

import type { BackendStatus, FrontendStatus, ProcessUse, Status, WorkerStatus } from "../status.ts";
import { badge, chart, type Column, empty, section, table } from "./parts.ts";
import { type Content, el, type Tree } from "./tree.ts";
import { ago, count, percent, rate, size, span } from "./words.ts";

/** The last ten minutes. */
export function traffic({ history, totals }: Status): Tree {
  const { step } = history;
  const perSecond = (value: number) => `${rate(value)}/s`;
  const sizePerSecond = (value: number) => `${size(value)}/s`;
  return section(
    "traffic",
    "Traffic",
    el(
      "div",
      { class: "grid4" },
      chart(
        "New connections",
        [{ name: "", values: history.connectionsPerSecond }],
        step,
        perSecond,
      ),
      chart(
        "Bytes",
        [
          { name: "to clients", values: history.bytesToClientPerSecond },
          { name: "to backend", values: history.bytesToBackendPerSecond },
        ],
        step,
        sizePerSecond,
      ),
      chart("Open connections", [{ name: "", values: history.active }], step, count),
      chart(
        "Failed handshakes",
        [{ name: "", values: history.failedHandshakesPerSecond }],
        step,
        perSecond,
      ),
    ),
    el(
      "p",
      { class: "muted totals" },
      `Since the start: ${count(totals.accepted)} connections, ${count(totals.handshakes)} ` +
        `handshakes, ${size(totals.bytesToClient)} to clients, ${size(totals.bytesToBackend)} ` +
        `to backends; ${count(totals.refused)} refused by a limit, ${count(totals.silent)} ` +
        `silent, ${count(totals.clientsDenied)} denied.`,
    ),
  );
}

/** Every frontend. */
export function frontends({ frontends: rows }: Status): Tree {
  const columns: Column<FrontendStatus>[] = [
    {
      head: "Frontend",
      kind: "long",
      cell: ({ name, addresses }) => [
        el("b", {}, name),
        addresses.join() === name ? null : el("small", {}, addresses.join(" ")),
      ],
    },
    {
      head: "State",
      cell: ({ served }) => served ? badge("good", "served") : badge("bad", "not served"),
    },
    { head: "Open", kind: "number", cell: ({ active }) => count(active) },
    { head: "Accepted", kind: "number", cell: ({ accepted }) => count(accepted) },
    { head: "Handshakes", kind: "number", cell: ({ handshakes }) => count(handshakes) },
    { head: "Failed", kind: "number", cell: ({ handshakesFailed }) => count(handshakesFailed) },
    { head: "Refused", kind: "number", cell: ({ refused }) => count(refused) },
    { head: "To clients", kind: "number", cell: ({ bytesToClient }) => size(bytesToClient) },
    { head: "To backend", kind: "number", cell: ({ bytesToBackend }) => size(bytesToBackend) },
    { head: "How they ended", kind: "long", cell: ({ ended }) => endings(ended) },
  ];
  return section(
    "frontends",
    "Frontends",
    rows.length === 0
      ? empty("No frontend yet.")
      : table("Frontends", columns, rows, ({ name }) => name),
  );
}

function endings(ended: Readonly<Record<string, number>>): Content {
  const sorted = Object.entries(ended).filter(([, value]) => value > 0)
    .sort(([, a], [, b]) => b - a);
  const line = ([word, value]: [string, number]) => `${word} ${count(value)}`;
  if (sorted.length <= 2) return sorted.map(line).join(" · ") || "–";
  return el(
    "details",
    {},
    el("summary", {}, line(sorted[0]!)),
    el("ul", {}, sorted.slice(1).map((entry) => el("li", {}, line(entry)))),
  );
}

/** Every worker, and the supervisor. */
export function workers({ workers: rows, supervisor, time, startedAt }: Status): Tree {
  type Row =
    & Omit<ProcessUse, "pid">
    & Partial<Omit<WorkerStatus, "pid" | "startedAt">>
    & Pick<WorkerStatus, "pid" | "startedAt">;
  const number = (value: number | undefined) => value === undefined ? "–" : count(value);
  const state = ({ state }: Row) =>
    state === undefined ? badge("plain", "no traffic") : badge(
      state === "serving" ? "good" : "warn",
      state,
    );
  const columns: Column<Row>[] = [
    {
      head: "Process",
      cell: ({ index, pid }) => [
        el("b", {}, index === undefined ? "Supervisor" : `Worker ${index}`),
        el("small", {}, pid === null ? "no process" : `pid ${pid}`),
      ],
    },
    { head: "State", cell: state },
    { head: "CPU", kind: "number", cell: ({ cpuShare }) => percent(cpuShare) },
    { head: "CPU time", kind: "number", cell: ({ cpuSeconds }) => span(cpuSeconds) },
    { head: "Memory", kind: "number", cell: ({ memory }) => size(memory) },
    { head: "Open", kind: "number", cell: ({ active }) => number(active) },
    { head: "Accepted", kind: "number", cell: ({ accepted }) => number(accepted) },
    { head: "Started", cell: ({ startedAt }) => ago(startedAt, time) },
    {
      head: "Restarts",
      kind: "long",
      cell: ({ restarts, lastEnd }) => [
        number(restarts),
        lastEnd ? el("small", {}, lastEnd.reason, ", ", ago(lastEnd.time, time)) : null,
      ],
    },
  ];
  return section(
    "workers",
    "Workers",
    table<Row>(
      "Workers and the supervisor",
      columns,
      [...rows, { ...supervisor, startedAt }],
      ({ index }) => `${index ?? "supervisor"}`,
    ),
  );
}

/** Every address of a backend. */
export function backends({ backends: rows, time }: Status): Tree {
  const columns: Column<BackendStatus>[] = [
    { head: "Backend", kind: "long", cell: ({ address }) => el("b", {}, address) },
    { head: "Connections", kind: "number", cell: ({ connects }) => count(connects) },
    { head: "Mean connect time", kind: "number", cell: ({ connectTime }) => span(connectTime) },
    { head: "Failures", kind: "number", cell: ({ failures }) => count(failures) },
    {
      head: "Last failure",
      kind: "long",
      cell: ({ lastFailure }) =>
        lastFailure === null ? "none" : [lastFailure.reason, ", ", ago(lastFailure.time, time)],
    },
  ];
  return section(
    "backends",
    "Backends",
    rows.length === 0
      ? empty("No backend has been connected to yet.")
      : table("Backends", columns, rows, ({ address }) => address),
  );
}

/** The functions of this file, for the page's script. */
export const TRAFFIC = [traffic, frontends, endings, workers, backends];
