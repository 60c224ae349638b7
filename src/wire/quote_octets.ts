/** Octets of a peer's for a log line: nothing in it can forge lines or colours, and it is short. */

/** In quotes: printable ASCII as it is, every other octet as `\xNN`, and `…` in place of what is beyond the first 48. */
export function quoteOctets(octets: Uint8Array): string {
  const shown = [...octets.subarray(0, MOST)].map((octet) => {
    const isPlain = octet >= 0x20 && octet <= 0x7e && octet !== QUOTE && octet !== BACKSLASH;
    return isPlain ? String.fromCharCode(octet) : `\\x${octet.toString(16).padStart(2, "0")}`;
  });
  return `"${shown.join("")}${octets.length > MOST ? "…" : ""}"`;
}

const MOST = 48;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
