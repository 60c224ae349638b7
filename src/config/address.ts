/**
 * Addresses of frontends, backend and status as operators write them. It checks the text and keeps it: host and service names are
 * looked up elsewhere, at the start.
 *
 * `HOST,PORT` (stud 0.3; split at the first comma), `[HOST]:PORT` (later stud, hitch), `[HOST],PORT`, and `HOST:PORT`
 * if there is exactly one colon. An empty HOST is `*` for a frontend and 127.0.0.1 for a backend. PORT is a number or a
 * service name. A backend may be the absolute path of a unix socket. `address_hint.ts` guesses what other text probably
 * meant.
 */

import { UsageError } from "../errors.ts";
import { isIpAddress } from "../wire/ip_address.ts";
import { addressHint, type Side } from "./address_hint.ts";
import { canonicalHost, isHostName } from "./host.ts";
import { quote } from "../wire/escape.ts";
import type { TcpAddress, UnixAddress } from "./settings.ts";

/**
 * Parses the address of a frontend. Port 0 lets the system choose.
 *
 * @param origin names the option in a message: `-f/--frontend`
 * @throws UsageError that names `origin` and the text
 */
export function parseFrontend(text: string, origin: string): TcpAddress {
  return parseTcp(text, origin, "frontend");
}

/**
 * Parses the address of the backend: like a frontend's, but without `*` and port 0. It may also be the path of a unix
 * socket, max 107 bytes (sun_path in unix(7), less its final NUL).
 *
 * @param origin names the option in a message: `-b/--backend`
 * @throws UsageError that names `origin` and the text
 */
export function parseBackend(text: string, origin: string): TcpAddress | UnixAddress {
  if (text.startsWith("/")) return parseUnix(text, origin);
  const address = parseTcp(text, origin, "backend");
  if (address.host === "*") {
    throw refusal(origin, text, "a backend needs one host; * is for frontends");
  }
  if (address.port === "0") {
    throw refusal(origin, text, "a backend's port is from 1 to 65535; 0 is for frontends");
  }
  return address;
}

/**
 * Parses the address where stud serves its status: like a frontend's, or the path of a unix socket. An empty HOST is
 * 127.0.0.1.
 *
 * @param origin names the option in a message: `--status`
 * @throws UsageError that names `origin` and the text
 */
export function parseStatus(text: string, origin: string): TcpAddress | UnixAddress {
  return text.startsWith("/") ? parseUnix(text, origin) : parseTcp(text, origin, "status");
}

/**
 * Splits a frontend in hitch's form `[HOST]:PORT+CERT` at the first `+`, which no address contains. The certificate's
 * file is empty if its name is missing, undefined if there is no `+`.
 */
export function splitCertificate(
  text: string,
): { readonly address: string; readonly certificate: string | undefined } {
  const plus = text.indexOf("+");
  return plus < 0
    ? { address: text, certificate: undefined }
    : { address: text.slice(0, plus), certificate: text.slice(plus + 1) };
}

/** The address in one form that `parseFrontend` and `parseBackend` parse: `*:8443`, `[::1]:443`, a path. */
export function formatAddress(address: TcpAddress | UnixAddress): string {
  if (address.kind === "unix") return address.path;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** Whether both have the same host and port by their text alone. Two ports of 0 are different ports. */
export function isSameAddress(one: TcpAddress, other: TcpAddress): boolean {
  return one.port !== "0" && one.port.toLowerCase() === other.port.toLowerCase() &&
    canonicalHost(one.host) === canonicalHost(other.host);
}

function parseTcp(text: string, origin: string, side: Side): TcpAddress {
  const hint = addressHint(text, side);
  if (hint !== undefined) throw refusal(origin, text, hint);
  const parts = splitHostAndPort(text);
  if (typeof parts === "string") throw refusal(origin, text, parts);
  const host = parts.host === "" ? EMPTY_HOST[side] : parts.host;
  if (host !== "*" && !isIpAddress(host) && !isHostName(host)) {
    const isAddressLike = /^[0-9.]+$/.test(host) || host.includes(":");
    throw refusal(
      origin,
      text,
      `${quote(host)} is not ${isAddressLike ? "an IP address" : "a host name or IP address"}`,
    );
  }
  const port = parsePort(parts.port);
  if (port === undefined) {
    throw refusal(
      origin,
      text,
      `${quote(parts.port)} is not a port (0 to 65535, or a service name)`,
    );
  }
  return { kind: "tcp", host, port };
}

/** Host without brackets and port, both unchecked; or an error message. */
function splitHostAndPort(text: string): { host: string; port: string } | string {
  if (text.startsWith("[")) {
    const parts = /^\[([^\]]*)\][:,](.*)$/s.exec(text);
    return parts ? { host: parts[1]!, port: parts[2]! } : "it is not of the form [HOST]:PORT";
  }
  const comma = text.indexOf(",");
  if (comma >= 0) return { host: text.slice(0, comma), port: text.slice(comma + 1) };
  const colon = text.indexOf(":");
  if (colon < 0) return "it has no port; write HOST,PORT";
  if (text.indexOf(":", colon + 1) >= 0) return "write an IPv6 host as [HOST]:PORT or HOST,PORT";
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

/** A port without leading zeros, or a service name as services(5) and RFC 6335 spell them. */
function parsePort(text: string): string | undefined {
  if (/^[0-9]+$/.test(text)) return Number(text) <= 65535 ? String(Number(text)) : undefined;
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(text) ? text : undefined;
}

function parseUnix(path: string, origin: string): UnixAddress {
  if (path.includes("\0")) throw refusal(origin, path, "a path cannot contain NUL");
  const bytes = new TextEncoder().encode(path).length;
  if (bytes > LONGEST_UNIX_PATH) {
    throw refusal(
      origin,
      path,
      `the path has ${bytes} bytes; the max for a unix socket is ${LONGEST_UNIX_PATH}`,
    );
  }
  return { kind: "unix", path };
}

function refusal(origin: string, text: string, reason: string): UsageError {
  return new UsageError(`${origin}: ${quote(text)}: ${reason}`);
}

const LONGEST_UNIX_PATH = 107;

/** As in stud 0.3, which leaves it to getaddrinfo(3). */
const EMPTY_HOST = {
  ...{ frontend: "*", backend: "127.0.0.1" },
  // Only this machine, unless a host is named.
  status: "127.0.0.1",
} as const satisfies Record<Side, string>;
