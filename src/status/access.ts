/**
 * Who may ask what, beyond what the address allows: a web page in a browser on this machine must neither read nor
 * change anything. A page of another site could reach a loopback address by DNS rebinding, which shows in the Host
 * header. Nothing here is a password; who can connect may read.
 */

import type { ReceivedRequest } from "../runtime/runtime.ts";
import { isIpAddress } from "../wire/ip_address.ts";

/** Where a request arrived. */
export interface Door {
  /** Only the socket's owner can connect. */
  readonly isUnix: boolean;
  /** The names besides IP addresses and `localhost` that clients may use; undefined: any. */
  readonly names: readonly string[] | undefined;
}

/** Why a request is refused, as a line for its sender; undefined if it is not. */
export function accessFault(request: ReceivedRequest, door: Door): string | undefined {
  // No browser connects to a unix socket.
  if (door.isUnix) return undefined;
  const host = request.header("host");
  if (!isExpected(host, door)) {
    return "unexpected Host header; use an IP address, localhost, or the name that --status has";
  }
  const origin = request.header("origin");
  if (origin !== undefined && origin !== `http://${host}`) {
    return "requests of other web sites are refused";
  }
  return undefined;
}

function isExpected(host: string | undefined, { names }: Door): boolean {
  // HTTP/1.0 has no Host, and every browser sends one.
  if (names === undefined || host === undefined) return true;
  const name = host.replace(/:\d*$/, "").replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return name === "localhost" || isIpAddress(name) || names.includes(name);
}

/** Header fields of every answer: nothing is stored, guessed, embedded, or read by other sites. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
};
