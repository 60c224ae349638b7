/**
 * Converts IP addresses between text (RFC 4291, RFC 5952) and bytes in network order. An IPv4 address that the kernel
 * shows mapped into IPv6 (`::ffff:192.0.2.1`) is treated as IPv4.
 */

/** Thrown for text that is not an IP address. */
export class AddressFormatError extends Error {
  override readonly name = "AddressFormatError";
}

/**
 * Converts an IP address from text, without brackets, to 4 or 16 bytes. A zone (`%eth0`) is dropped. Throws {@linkcode
 * AddressFormatError}.
 */
export function parseIpAddress(text: string): Uint8Array {
  if (!text.includes(":")) return parseIpv4(text, text);
  const [address = "", ...zone] = text.split("%");
  if (zone.length > 1 || zone.some((name) => !/^[A-Za-z0-9._-]+$/.test(name))) {
    throw new AddressFormatError(`not an IP address: ${text}`);
  }
  const bytes = parseIpv6(address, text);
  return unmapIpv4Octets(bytes);
}

/** Whether the text is an IPv4 or IPv6 address, without brackets. */
export function isIpAddress(text: string): boolean {
  try {
    parseIpAddress(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether only this machine reaches an IP address: 127.0.0.0/8 (RFC 1122) or ::1 (RFC 4291). */
export function isLoopback(text: string): boolean {
  const bytes = parseIpAddress(text);
  if (bytes.length === 4) return bytes[0] === 127;
  return bytes.every((byte, at) => byte === (at === 15 ? 1 : 0));
}

/** Drops the IPv6 prefix of a mapped IPv4 address and leaves any other address text unchanged. */
export function unmapIpv4(text: string): string {
  return text.startsWith("::ffff:") && text.includes(".") ? text.slice(7) : text;
}

/** The 4 bytes of an IPv4 address mapped into 16, or the bytes unchanged. Shares their memory. */
export function unmapIpv4Octets(bytes: Uint8Array): Uint8Array {
  const mapped = bytes[10] === 0xff && bytes[11] === 0xff &&
    bytes.subarray(0, 10).every((byte) => byte === 0);
  return mapped ? bytes.subarray(12) : bytes;
}

/**
 * The text of an IP address of 4 or 16 bytes in the form of RFC 5952; an IPv4 address mapped into IPv6 is written as
 * IPv4.
 */
export function formatIpAddress(bytes: Uint8Array): string {
  const address = unmapIpv4Octets(bytes);
  if (address.length === 4) return address.join(".");
  const groups = Array.from(
    { length: 8 },
    (_, at) => ((address[2 * at]! << 8) | address[2 * at + 1]!).toString(16),
  );
  const text = groups.join(":");
  const [longest] = [...text.matchAll(/\b0(:0)+\b/g)].sort((one, other) =>
    other[0].length - one[0].length
  );
  if (longest === undefined) return text;
  const before = text.slice(0, longest.index).replace(/:$/, "");
  const after = text.slice(longest.index + longest[0].length).replace(/^:/, "");
  return `${before}::${after}`;
}

/**
 * A key for the client with this IP address. An IPv4 address is one client. So is an IPv6 network of 64 bits: a single
 * customer or machine gets at least that and may use any address of it (RFC 6177, RFC 7421). An IPv4 address mapped
 * into IPv6 counts as IPv4. Text that is not an IP address is a client of its own.
 */
export function clientNetwork(host: string): string {
  if (!host.includes(":")) return host;
  try {
    const bytes = parseIpAddress(host);
    return bytes.length === 4 ? bytes.join(".") : bytes.subarray(0, 8).join(":");
  } catch {
    return host;
  }
}

/** Formats `HOST:PORT`, with brackets around an IPv6 host (RFC 3986 section 3.2.2). */
export function formatSocketAddress(
  address: { readonly host: string; readonly port: number },
): string {
  return address.host.includes(":")
    ? `[${address.host}]:${address.port}`
    : `${address.host}:${address.port}`;
}

function parseIpv4(text: string, whole: string): Uint8Array {
  const parts = text.split(".");
  const bytes = parts.map((part) => /^(0|[1-9]\d{0,2})$/.test(part) ? Number(part) : 256);
  if (bytes.length !== 4 || bytes.some((byte) => byte > 255)) {
    throw new AddressFormatError(`not an IP address: ${whole}`);
  }
  return Uint8Array.from(bytes);
}

function parseIpv6(text: string, whole: string): Uint8Array {
  const halves = text.split("::");
  if (halves.length > 2) throw new AddressFormatError(`not an IP address: ${whole}`);
  const head = parseGroups(halves[0] ?? "", whole, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? "", whole, true) : [];
  const missing = 16 - head.length - tail.length;
  // "::" replaces at least one group; without it all sixteen bytes must be written.
  if (halves.length === 2 ? missing < 2 : missing !== 0) {
    throw new AddressFormatError(`not an IP address: ${whole}`);
  }
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail]);
}

/** Only the end of an address may be written as IPv4. */
function parseGroups(text: string, whole: string, isEnd: boolean): number[] {
  if (text === "") return [];
  const groups = text.split(":");
  return groups.flatMap((group, index) => {
    const isLast = isEnd && index === groups.length - 1;
    if (isLast && group.includes(".")) return [...parseIpv4(group, whole)];
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) {
      throw new AddressFormatError(`not an IP address: ${whole}`);
    }
    const value = parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
