/** Which addresses count as one client where clients are counted. */

import { parseIpAddress } from "./ip_address.ts";

/**
 * A key for the client with this IP address: an IPv4 address is one client, and so is an IPv6 network of 64 bits,
 * which is what a single customer or machine gets at least (RFC 6177, RFC 7421) and may take any address of. An IPv4
 * address mapped into IPv6 is the IPv4 address. Text that is no IP address is a client of its own.
 */
export function clientNetwork(host: string): string {
  if (!host.includes(":")) return host;
  try {
    const octets = parseIpAddress(host);
    return octets.length === 4 ? octets.join(".") : octets.subarray(0, 8).join(":");
  } catch {
    return host;
  }
}
