/**
 * Whether a certificate is for the requested server (RFC 9525 section 6): by its alternative names alone. The common
 * name is ignored, and a star replaces one whole label, the first of at least three.
 */

import { isSameBytes } from "../wire/bytes.ts";
import { Certificate } from "./certificate.ts";
import { certificateNames } from "./certificate_names.ts";
import { isIpAddress, parseIpAddress } from "../wire/ip_address.ts";

/**
 * Whether the certificate (DER) is for a DNS name (A-labels, without a final dot) or an IP address. Throws
 * DerFormatError if it is not a certificate.
 */
export function isForServer(certificate: Uint8Array, name: string): boolean {
  const { dns, addresses } = certificateNames(Certificate.parse(certificate));
  if (!isIpAddress(name)) return dns.some((pattern) => isDnsMatch(pattern, name));
  const wanted = parseIpAddress(name);
  return addresses.some((address) => isSameBytes(address, wanted));
}

function isDnsMatch(pattern: string, name: string): boolean {
  const [first = "", ...rest] = name.toLowerCase().split(".");
  const [label, ...others] = pattern.toLowerCase().split(".");
  if (rest.join(".") !== others.join(".")) return false;
  return label === "*" ? others.length >= 2 && first !== "" : label === first;
}
