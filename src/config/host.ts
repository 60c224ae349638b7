/**
 * Checks whether a host that is not an IP address looks like a DNS name. It looks up nothing, so a well-formed name may
 * still not exist.
 */

import { isIpAddress, parseIpAddress } from "../wire/ip_address.ts";

/**
 * True for dot-separated labels of letters, digits, hyphens and underscores (RFC 1123, and what resolvers accept), max
 * 253 characters. False for digits and dots alone: that is a mistyped IPv4 address.
 */
export function isHostName(text: string): boolean {
  const name = text.endsWith(".") ? text.slice(0, -1) : text;
  return name.length <= 253 && !/^[0-9.]*$/.test(name) &&
    name.split(".").every((label) =>
      /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label)
    );
}

/** One spelling per host, for comparison: lower case, IP addresses by their bytes. */
export function canonicalHost(host: string): string {
  if (!isIpAddress(host)) return host.toLowerCase();
  const zone = host.indexOf("%");
  return parseIpAddress(host).join(".") + (zone < 0 ? "" : host.slice(zone));
}
