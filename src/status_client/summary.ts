/** The text of `stud status`: health first, in one line as monitoring plugins print it, then what there is to know. */

import { count, percent, size, span } from "../status/page/words.ts";
import type { Status } from "../status/status.ts";
import { printable } from "../wire/escape.ts";
import { tableLines } from "./columns.ts";
import { type Health, healthOf } from "./health.ts";

/** Several lines, with a final line feed. */
export function describeStatus(status: Status): string {
  const health = healthOf(status);
  return [
    printable(healthLine(status, health)),
    ...health.problems.map(({ level, text }) => {
      return printable(`  ${level === "bad" ? "!" : "-"} ${text}`);
    }),
    "",
    ...facts(status).map(([name, value]) => `${name.padEnd(14)}${printable(value)}`),
    "",
    ...frontendLines(status),
    "",
    ...workerLines(status),
    "",
    ...certificateLines(status),
  ].join("\n") + "\n";
}

/** The one line for monitoring: a word, what is the case, and performance data after a bar. */
function healthLine(status: Status, { word, problems }: Health): string {
  const [worst] = problems;
  const { totals, certificates, state, ready } = status;
  const soonest = Math.min(...certificates.map(({ daysLeft }) => daysLeft));
  const what = worst?.text ?? (ready ? `${state}, all is well` : `${state}, not ready`);
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  const data = [
    `active=${totals.active}`,
    `accepted=${totals.accepted}c`,
    `handshakes_failed=${totals.handshakesFailed}c`,
    ...Number.isFinite(soonest) ? [`days_left=${Math.floor(soonest)}`] : [],
  ];
  return `STUD ${word}: ${what.replaceAll("|", "/")}${more} | ${data.join(" ")}`;
}

function facts(status: Status): [name: string, value: string][] {
  const { totals, handshakes, postQuantum, supervisor } = status;
  const done = handshakes.full + handshakes.resumed;
  const [reload] = status.reloads;
  return [
    ["stud", `${status.version}, ${status.runtime}, TLS by ${status.tlsLibrary}`],
    ["process", `${status.pid}, up ${span(status.uptime)}, ${size(supervisor.memory)}`],
    [
      "connections",
      `${count(totals.active)} open, ${count(totals.accepted)} accepted, ` +
      `${count(totals.refused)} refused, ${count(totals.silent)} silent`,
    ],
    [
      "handshakes",
      `${count(totals.handshakes)} done, ${
        percent(done === 0 ? null : handshakes.resumed / done)
      } ` +
      `resumed, ${count(totals.handshakesFailed)} failed`,
    ],
    ...handshakes.failures.slice(0, 5).map((
      { reason, count: times, lastClient },
    ): [string, string] => [
      "",
      `${count(times)} ${reason}${lastClient === null ? "" : `, last ${lastClient}`}`,
    ]),
    [
      "post-quantum",
      postQuantum.offered
        ? `${postQuantum.groups.join(", ")} offered, ${
          percent(postQuantum.share)
        } of full handshakes`
        : `not offered: ${postQuantum.why ?? "unknown"}`,
    ],
    [
      "plaintext",
      `${size(totals.bytesToBackend)} to backends, ${size(totals.bytesToClient)} to clients`,
    ],
    ...reload === undefined
      ? []
      : [["last reload", `${reload.time} ${reload.outcome}: ${reload.what}`] as [string, string]],
    ...status.backends.map((backend): [string, string] => [
      "backend",
      `${backend.address}: ${count(backend.connects)} connects, ${
        span(backend.connectTime)
      } each, ` +
      `${count(backend.failures)} failed`,
    ]),
  ];
}

function frontendLines({ frontends }: Status): string[] {
  const rows = frontends.map((one) => [
    one.name,
    one.served ? "yes" : "NO",
    ...[one.active, one.accepted, one.handshakesFailed, one.refused].map(count),
    size(one.bytesToClient),
  ]);
  const headings = ["FRONTEND", "SERVED", "OPEN", "ACCEPTED", "FAILED", "REFUSED", "TO CLIENTS"];
  return tableLines(headings.map((title, at) => ({ title, isNumber: at > 1 })), rows, WIDTH);
}

function workerLines({ workers }: Status): string[] {
  const rows = workers.map((one) => [
    `${one.index}`,
    `${one.pid ?? "-"}`,
    one.state,
    count(one.active),
    percent(one.cpuShare),
    size(one.memory),
    count(one.restarts),
    one.lastEnd === null ? "" : `${one.lastEnd.time} ${one.lastEnd.reason}`,
  ]);
  const headings = ["WORKER", "PID", "STATE", "OPEN", "CPU", "MEMORY", "RESTARTS", "LAST END"];
  const texts = ["STATE", "LAST END"];
  return tableLines(
    headings.map((title) => ({ title, isNumber: !texts.includes(title) })),
    rows,
    WIDTH,
  );
}

/** Those that expire first. */
function certificateLines({ certificates, quarantine }: Status): string[] {
  const sorted = [...certificates].sort((one, other) => one.daysLeft - other.daysLeft);
  const rows = sorted.slice(0, MAX_CERTIFICATES).map((one) => [
    one.names[0] ?? "",
    one.keyType,
    `${Math.floor(one.daysLeft)}`,
    one.ocsp === null ? "-" : span(one.ocsp.age),
    `${one.source}${one.servedDiffers ? " (changed on disk)" : ""}`,
  ]);
  const more = certificates.length - rows.length;
  const headings = [
    { title: "CERTIFICATE" },
    { title: "KEY" },
    { title: "DAYS LEFT", isNumber: true },
    { title: "OCSP AGE", isNumber: true },
    { title: "FROM" },
  ];
  return [
    ...tableLines(headings, rows, WIDTH),
    ...more > 0 ? [`and ${count(more)} more, which expire later (--json has all)`] : [],
    ...quarantine.map(({ source, reason }) => printable(`in quarantine: ${source}: ${reason}`)),
  ];
}

/** Characters. */
const WIDTH = 160;
const MAX_CERTIFICATES = 20;
