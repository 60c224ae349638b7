/** ClientHello records: three as `openssl s_client` 3.0 sent them, and others put together from parts. */

import { type ClientHello, parseClientHello } from "../../src/wire/client_hello.ts";
import { helloHeader, join, records } from "./client_hello.ts";

/** Octets of any kind. */
export type Octets = ArrayLike<number>;

/** The message of one or more records, cut anew at these of its offsets. */
export function fragmented(bytes: Uint8Array, cuts: readonly number[]): Uint8Array {
  const message: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 5 + (bytes[at + 3]! << 8) + bytes[at + 4]!;
    message.push(...bytes.subarray(at + 5, end));
    at = end;
  }
  const offsets = [0, ...cuts, message.length].toSorted((one, other) => one - other);
  return join(offsets.map((offset, index) => {
    return records(Uint8Array.from(message.slice(offsets[index - 1] ?? 0, offset)));
  }));
}

/** A hello of these extensions, by default without any list of them; `start` is what follows the random. */
export function hello(extensions?: readonly Octets[], start: Octets = PLAIN): Uint8Array {
  const list = extensions === undefined ? [] : vector(join(extensions));
  const body = join([[3, 3], zeros(32), start, list]);
  return records(join([helloHeader(body.length), body]));
}

/** An extension of a type below 256. */
export function extension(type: number, data: Octets): number[] {
  return [0, type, ...vector(data)];
}

/** The server_name extension, of entries as `host` makes them. */
export function serverNames(...entries: readonly Octets[]): number[] {
  return extension(0, vector(join(entries)));
}

/** An entry of type host_name. */
export function host(name: string): number[] {
  return [0, ...vector(text(name))];
}

/** The ALPN extension. */
export function protocols(...names: readonly string[]): number[] {
  return extension(16, vector(join(names.map((name) => [name.length, ...text(name)]))));
}

/** The pre_shared_key extension, with identities of these lengths, each of octets that are its index. */
export function identities(lengths: readonly number[], binders = 33): number[] {
  const list = lengths.map((length, index) => [...vector(zeros(length).fill(index)), 0, 0, 0, 0]);
  return extension(41, [...vector(join(list)), ...vector(zeros(binders))]);
}

/** Octets with their number in two octets before them. */
function vector(bytes: Octets): number[] {
  return [bytes.length >> 8, bytes.length & 0xff, ...Array.from(bytes)];
}

/** So many octets of 0. */
export function zeros(count: number): number[] {
  return Array<number>(count).fill(0);
}

/** UTF-8. */
export function text(words: string): Uint8Array {
  return new TextEncoder().encode(words);
}

function decode(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64.trim()), (character) => character.charCodeAt(0));
}

/** No session id, one cipher suite, no compression. */
const PLAIN = [0, 0, 2, 0x13, 1, 1, 0];

/** What a hello says. */
export function helloOf(bytes: Uint8Array): ClientHello {
  const verdict = parseClientHello(bytes);
  if (verdict.kind !== "hello") throw new Error(JSON.stringify(verdict));
  return verdict.hello;
}

/** A list of two octets each: cipher suites, groups, schemes. */
export function list16(...entries: readonly number[]): number[] {
  return vector(entries.flatMap((entry) => [entry >> 8, entry & 0xff]));
}

/** A hello of a client that offers this: `versions` are those of supported_versions, none without them. */
export function offering(
  { versions, ciphers, groups, signatures, name }: {
    readonly versions?: readonly number[];
    readonly ciphers: readonly number[];
    readonly groups?: readonly number[];
    readonly signatures?: readonly number[];
    readonly name?: string;
  },
): Uint8Array {
  return hello([
    ...name === undefined ? [] : [serverNames(host(name))],
    ...groups === undefined ? [] : [extension(10, list16(...groups))],
    ...signatures === undefined ? [] : [extension(13, list16(...signatures))],
    ...versions === undefined ? [] : [extension(43, list16(...versions).slice(1))],
  ], [0, ...list16(...ciphers), 1, 0]);
}

/** For www.example.org, with ALPN and no session. */
export const FRESH = decode(`
  FgMBAU4BAAFKAwN3V2LG6c9H870QUudDobhRT6Fk+mNXszqVwJ7IcNDSMiDPuYnztoiiJ4jdP4oyN5LgwtfmFHMZx1YfsVmg
  dWB5iAA+EwITAxMBwCzAMACfzKnMqMyqwCvALwCewCTAKABrwCPAJwBnwArAFAA5wAnAEwAzAJ0AnAA9ADwANQAvAP8BAADD
  AAAAFAASAAAPV1dXLkV4YW1wbGUub3JnAAsABAMAAQIACgAWABQAHQAXAB4AGQAYAQABAQECAQMBBAAjAAAAEAAOAAwCaDII
  aHR0cC8xLjEAFgAAABcAAAANACoAKAQDBQMGAwgHCAgICQgKCAsIBAgFCAYEAQUBBgEDAwMBAwIEAgUCBgIAKwAJCAMEAwMD
  AgMBAC0AAgEBADMAJgAkAB0AILjUD0IXDrrhqTtwQegTQLYl3+PzezUP85q1Di73myle
`);
/** For www.example.org, with a ticket of the same key: of TLS 1.2 only, and of TLS 1.3 only. */
export const RESUMING = {
  "TLS 1.2": decode(`
  FgMBAZ8BAAGbAwPhKB7I/R6zlkFrfe0FRM7oJODp78ndaiSDFQOAmy00BSDeWpnpxrhE4mC+yGXQ7lquboFkrDSvvi4pBfv+
  uCVepQA4wCzAMACfzKnMqMyqwCvALwCewCTAKABrwCPAJwBnwArAFAA5wAnAEwAzAJ0AnAA9ADwANQAvAP8BAAEaAAAAFAAS
  AAAPV1dXLkV4YW1wbGUub3JnAAsABAMAAQIACgAMAAoAHQAXAB4AGQAYACMAsJ/O+H8/0ot+YXIRFgImIEULaJ++X+feqYSI
  rRvNHNnLi1Bm3hpIRrUVy5ZF10LFF2gwwKXZvh2J3fdqXR8crCuvrMyTnic/hya85RhPOpiedaRtE2DP/WMEs3u+oGXB0QBp
  iGKWIfaylrlPN6/18t+s2WgDeaXDeDrvMzBNcaCh+KKGTS+iWY9Cp0JPwhoAzMy7xc+SNA0tQhG1A4iE3WnxW5RwWWy9U/Vu
  KhczWijuABYAAAAXAAAADQAqACgEAwUDBgMIBwgICAkICggLCAQIBQgGBAEFAQYBAwMDAQMCBAIFAgYC
`),
  "TLS 1.3": decode(`
  FgMBAgMBAAH/AwMMAOMXneqE/ctTiMRgncPwSavt7JTJojylJYF9J2/HKiD1ze8S8drZu/T6eUgYnuH4rgYLgMn/iRfuiXU9
  2NFm5AAIEwITAxMBAP8BAAGuAAAAFAASAAAPV1dXLkV4YW1wbGUub3JnAAsABAMAAQIACgAWABQAHQAXAB4AGQAYAQABAQEC
  AQMBBAAjAAAAFgAAABcAAAANAB4AHAQDBQMGAwgHCAgICQgKCAsIBAgFCAYEAQUBBgEAKwADAgMEAC0AAgEBADMAJgAkAB0A
  IETzcQYwb52QBmj5CTDsAO7GgVbBm6W38oY/irak5nptACkBCwDWANCfzvh/P9KLfmFyERYCJiBFnixm1iqbtwmFk3cSaMlJ
  ohgG+V1kwzZMP8t/Fwef+hsUu1h4uq3/7jew5RYgTfmG0aPRzgSzNOWWQMRCcxBrmeK51YMe9SN1FlA9aC3yrBmiwB+NbEXM
  /UQkVanNCi907o/d4xC7o+wkIIOqZih3124xNpdk5NwAeftyqjfWOo36EkUBbYlhhUFrrz/VxnsoUDylHEAi3Te9i64IZBeF
  aHO7uWmk97YAN+k8W52rXPpXMug/6RKEIm2hItV/7zQ9FOfQngAxMKmoPGSFw10p6gd6lvx+HevWOoWoNwL/P3fQdzK/ySdJ
  Hmh+iMJV2tp4dPl1X3T7kw==
`),
};
/** All of them. */
export const REAL = [FRESH, RESUMING["TLS 1.2"], RESUMING["TLS 1.3"]];
/** The first octets of the tickets. */
export const TICKET_NAME = Uint8Array.from([
  ...[0x9f, 0xce, 0xf8, 0x7f, 0x3f, 0xd2, 0x8b, 0x7e],
  ...[0x61, 0x72, 0x11, 0x16, 0x02, 0x26, 0x20, 0x45],
]);
