/**
 * What a host may look like in text beside an IP address: a DNS name. It looks nothing up, so a sound name may
 * still not exist.
 */

import { isIpAddress, parseIpAddress } from "../wire/ip_address.ts";

/**
 * True for dot-separated labels of letters, digits, hyphens and underscores (RFC 1123, and what resolvers
 * let through), at most 253 characters. False for digits and dots alone: that is a mistyped IPv4 address.
 */
export function isHostName(text: string): boolean {
  const name = text.endsWith(".") ? text.slice(0, -1) : text;
  return name.length <= 253 && !/^[0-9.]*$/.test(name) &&
    name.split(".").every((label) =>
      /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label)
    );
}

/** One spelling per host, to compare hosts with: lower case, IP addresses by their octets. */
export function canonicalHost(host: string): string {
  if (!isIpAddress(host)) return host.toLowerCase();
  const zone = host.indexOf("%");
  return parseIpAddress(host).join(".") + (zone < 0 ? "" : host.slice(zone));
}
