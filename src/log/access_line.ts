/**
 * Lines of the access log: the facts about a closed connection, as text for people and grep, or as JSON.
 * docs/access-log.md promises the names and the order of the fields. Data from the network cannot forge a line, a field
 * or a color.
 */

import type { AccessLogFormat } from "../config/settings.ts";
import { escapeJson } from "../wire/escape.ts";

/** How a connection ended; docs/access-log.md explains each. */
export type Ending =
  | "orderly"
  | "closed"
  | "reset"
  | "gone"
  | "silent"
  | "handshake-failed"
  | "denied"
  | "backend-failed"
  | "deadline"
  | "stalled"
  | "drained"
  | "disconnected"
  | "resources"
  | "failed";

/** The facts about one connection at its end; undefined: unknown, or it never happened. */
export interface ConnectionReport {
  /** When it ended. */
  readonly time: Date;
  /** `HOST:PORT` of the client. */
  readonly client: string | undefined;
  /** `HOST:PORT` that the client connected to. */
  readonly frontend: string | undefined;
  /** The name that the client asked for (SNI). */
  readonly serverName: string | undefined;
  /** For example `TLSv1.3`. */
  readonly protocol: string | undefined;
  readonly cipher: string | undefined;
  readonly group: string | undefined;
  /** Whether an earlier session was resumed. */
  readonly resumed: boolean | undefined;
  readonly alpn: string | undefined;
  /** The fingerprint of its ClientHello. */
  readonly ja4: string | undefined;
  /** The subject of its certificate (RFC 4514). */
  readonly clientSubject: string | undefined;
  /** `HOST:PORT` or the path of the backend that was connected to. */
  readonly backend: string | undefined;
  /** Bytes of plaintext. */
  readonly bytesToBackend: number;
  readonly bytesToClient: number;
  /** Milliseconds from accept to the end of the handshake. */
  readonly handshakeTime: number | undefined;
  /** Milliseconds from accept to the end. */
  readonly duration: number;
  readonly end: Ending;
  /** Which side caused the end; undefined for a regular one. */
  readonly by: "client" | "backend" | "stud" | undefined;
  /** The error in words. */
  readonly reason: string | undefined;
}

/** The line for a connection, without a newline. `sample`: how many connections it represents, if they are sampled. */
export function accessLine(
  report: ConnectionReport,
  format: AccessLogFormat,
  sample?: number,
): string {
  const time = report.time.toISOString();
  const fields = fieldsOf(report);
  if (sample !== undefined) fields.push(["sample", sample]);
  if (format === "json") return escapeJson(JSON.stringify({ time, ...Object.fromEntries(fields) }));
  return [time, ...fields.map(([name, value]) => `${name}=${plain(value, name)}`)].join(" ");
}

type Value = string | number | boolean | undefined;

/** Names and values in output order. */
function fieldsOf(report: ConnectionReport): [name: string, value: Value][] {
  return [
    ["client", report.client],
    ["frontend", report.frontend],
    ["sni", report.serverName],
    ["tls", report.protocol],
    ["cipher", report.cipher],
    ["group", report.group],
    ["resumed", report.resumed],
    ["alpn", report.alpn],
    ["ja4", report.ja4],
    ["client_subject", report.clientSubject],
    ["backend", report.backend],
    ["to_backend", report.bytesToBackend],
    ["to_client", report.bytesToClient],
    ["handshake", seconds(report.handshakeTime)],
    ["duration", seconds(report.duration)],
    ["end", report.end],
    ["by", report.by],
    ["reason", report.reason],
  ].map(([name, value]) => [name as string, typeof value === "string" ? short(value) : value]);
}

function plain(value: Value, name: string): string {
  switch (typeof value) {
    case "undefined":
      return NOTHING;
    case "boolean":
      return value ? "yes" : "no";
    case "number":
      return IN_SECONDS.includes(name) ? value.toFixed(3) : String(value);
    case "string":
      return value !== NOTHING && PLAIN.test(value) ? value : escapeJson(JSON.stringify(value));
  }
}

function seconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.round(milliseconds) / 1000;
}

function short(value: string): string {
  return value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value;
}

const NOTHING = "-";
const IN_SECONDS = ["handshake", "duration"];
/** Visible ASCII without quotes and backslashes; any other value is written as a JSON string. */
const PLAIN = /^[!#-[\]-~]+$/;
/** UTF-16 code units of a value; the rest is cut off. */
const LONGEST = 1_000;
