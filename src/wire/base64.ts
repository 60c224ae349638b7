/** Octets as base64 (RFC 4648 section 4), the form they have in PEM and in JSON. */

/** Text of any number of octets. */
export function toBase64(octets: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < octets.length; at += AT_ONCE) {
    parts.push(String.fromCharCode(...octets.subarray(at, at + AT_ONCE)));
  }
  return btoa(parts.join(""));
}

/** The octets of a text. Throws the platform's error for one that is not base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const octets = new Uint8Array(binary.length);
  for (let at = 0; at < octets.length; at++) octets[at] = binary.charCodeAt(at);
  return octets;
}

/** As many arguments as every platform takes. */
const AT_ONCE = 8 << 10;
