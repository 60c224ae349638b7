/** Sessions whose clients send early data (RFC 8446 section 2.3) although stud allows none. */

import { assertEquals } from "./assert.ts";

/** Has a session of s_client's claim that its ticket came with leave for early data. */
export function allowEarlyData(pem: string): string {
  const [, head, base64, tail] = /^(-+BEGIN [^-]+-+\n)([^-]+)(-+END .*)$/s.exec(pem)!;
  const der = Uint8Array.from(atob(base64!.replaceAll("\n", "")), (char) => char.charCodeAt(0));
  assertEquals([...der.subarray(0, 2)], [0x30, 0x82], "a SEQUENCE with two octets of length");
  // Fields stand in the order of their tags.
  let place = 4;
  while (place < der.length && der[place]! < MAX_EARLY_DATA[0]!) place = nextField(der, place);
  const fields = [...der.subarray(4, place), ...MAX_EARLY_DATA, ...der.subarray(place)];
  const length = [fields.length >> 8, fields.length & 0xff];
  const text = btoa(String.fromCharCode(0x30, 0x82, ...length, ...fields));
  return `${head}${text.replaceAll(/.{64}/g, "$&\n")}\n${tail}`;
}

/** Where the field behind this one begins. */
function nextField(der: Uint8Array, place: number): number {
  const length = der[place + 1]!;
  if (length < 0x80) return place + 2 + length;
  const bytes = der.subarray(place + 2, place + 2 + (length & 0x7f));
  return place + 2 + bytes.length + bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** [15] EXPLICIT INTEGER 16384, in an SSL_SESSION. */
const MAX_EARLY_DATA = [0xaf, 0x04, 0x02, 0x02, 0x40, 0x00];
