/** The lines of `stud top`, from a status and the live connections. Pure: no terminal, no clock. */

import { count, percent, rate, size, span } from "../status/page/words.ts";
import type { ConnectionsStatus, ConnectionStatus, Status } from "../status/status.ts";
import { printable } from "../wire/escape.ts";
import { shortened, tableLines } from "./columns.ts";
import { healthOf } from "./health.ts";

/** By what connections are sorted, the most first. */
export type Sorting = "bytes" | "age" | "idle" | "client" | "frontend";

/** The key for each order. */
export const SORT_KEYS: Readonly<Record<string, Sorting>> = {
  b: "bytes",
  a: "age",
  i: "idle",
  c: "client",
  f: "frontend",
};

/** What the screen shows. */
export interface ScreenOptions {
  readonly status: Status;
  readonly connections: ConnectionsStatus;
  /** Why the status is not a new one. */
  readonly trouble: string | undefined;
  readonly sorting: Sorting;
  /** Max characters of a line. */
  readonly width: number;
}

/** The lines, the title first. */
export function screenLines(options: ScreenOptions): string[] {
  const { status, connections, trouble, sorting, width } = options;
  const { word, problems } = healthOf(status);
  const title = `stud ${status.version}  ${status.state}  ${word}  up ${span(status.uptime)}  ` +
    `${status.time.slice(11, 19)} UTC`;
  return [
    title.padEnd(width),
    ...trouble === undefined ? problems.slice(0, 3).map(({ text }) => text) : [trouble],
    rates(status),
    "",
    ...frontends(status, width),
    "",
    ...workers(status, width),
    "",
    `${count(connections.matching)} open connections by ${sorting}. ${KEYS}`,
    ...silentWorkers(connections),
    ...connectionLines(connections, sorting, width),
  ].map((line) => shortened(printable(line), width));
}

function rates({ history, totals }: Status): string {
  const last = (values: readonly number[]) => values.at(-1) ?? 0;
  return [
    `${count(totals.active)} open`,
    `${rate(last(history.connectionsPerSecond))} new/s`,
    `in ${size(last(history.bytesToBackendPerSecond))}/s`,
    `out ${size(last(history.bytesToClientPerSecond))}/s`,
    `failed handshakes ${rate(last(history.failedHandshakesPerSecond))}/s`,
  ].join(", ");
}

function frontends(status: Status, width: number): string[] {
  const sorted = [...status.frontends].sort((one, other) => other.active - one.active);
  const rows = sorted.slice(0, MAX_FRONTENDS).map((one) => [
    one.served ? one.name : `${one.name} (not served)`,
    ...[one.active, one.accepted, one.handshakesFailed].map(count),
    size(one.bytesToClient),
  ]);
  const headings = ["FRONTEND", "OPEN", "ACCEPTED", "FAILED", "TO CLIENTS"];
  return tableLines(headings.map((title, at) => ({ title, isNumber: at > 0 })), rows, width);
}

function workers(status: Status, width: number): string[] {
  const sorted = [...status.workers].sort((one, other) =>
    (other.cpuShare ?? 0) - (one.cpuShare ?? 0) || one.index - other.index
  );
  const rows = sorted.slice(0, MAX_WORKERS).map((one) => [
    `${one.index}`,
    `${one.pid ?? "-"}`,
    percent(one.cpuShare),
    size(one.memory),
    count(one.active),
    count(one.restarts),
    one.state,
  ]);
  const headings = ["WORKER", "PID", "CPU", "MEMORY", "OPEN", "RESTARTS", "STATE"];
  return tableLines(
    headings.map((title) => ({ title, isNumber: title !== "STATE" })),
    rows,
    width,
  );
}

function silentWorkers({ unanswered }: ConnectionsStatus): string[] {
  if (unanswered.length === 0) return [];
  const [noun, their] = unanswered.length === 1 ? ["worker", "its"] : ["workers", "their"];
  return [`no answer from ${noun} ${unanswered.join(", ")}: ${their} connections are missing here`];
}

function connectionLines(
  { connections }: ConnectionsStatus,
  sorting: Sorting,
  width: number,
): string[] {
  // Numbers first: in a narrow terminal, only long names are cut off.
  const rows = [...connections].sort(ORDERS[sorting]).map((one) => [
    size(one.bytesToBackend),
    size(one.bytesToClient),
    span(Math.round(one.age)),
    one.idle === null ? "-" : span(Math.round(one.idle)),
    one.version ?? "-",
    one.client ?? "-",
    one.serverName ?? "-",
    one.frontend,
  ]);
  const headings = ["IN", "OUT", "AGE", "IDLE", "TLS", "CLIENT", "SNI", "FRONTEND"];
  return tableLines(headings.map((title, at) => ({ title, isNumber: at < 4 })), rows, width);
}

type Order = (one: ConnectionStatus, other: ConnectionStatus) => number;

const ORDERS: Readonly<Record<Sorting, Order>> = {
  bytes: (one, other) => bytesOf(other) - bytesOf(one),
  age: (one, other) => other.age - one.age,
  idle: (one, other) => (other.idle ?? -1) - (one.idle ?? -1),
  client: (one, other) => compare(one.client, other.client),
  frontend: (one, other) => compare(one.frontend, other.frontend) || bytesOf(other) - bytesOf(one),
};

function bytesOf({ bytesToBackend, bytesToClient }: ConnectionStatus): number {
  return bytesToBackend + bytesToClient;
}

function compare(one: string | null, other: string | null): number {
  const [a, b] = [one ?? "", other ?? ""];
  return a < b ? -1 : a > b ? 1 : 0;
}

const KEYS = "q quits; b a i c f: bytes age idle client frontend";
const MAX_FRONTENDS = 8;
const MAX_WORKERS = 16;
