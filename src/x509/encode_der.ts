/** Writes DER (X.690), as far as requests of ours need it: tags of one octet, definite lengths. */

/** One element: its identifier octet and the octets of its parts, one after the other. */
export function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = [tag, ...encodedLength(length)];
  const octets = new Uint8Array(head.length + length);
  octets.set(head);
  let at = head.length;
  for (const part of parts) {
    octets.set(part, at);
    at += part.length;
  }
  return octets;
}

function encodedLength(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) octets.unshift(rest & 0xff);
  return [0x80 | octets.length, ...octets];
}
