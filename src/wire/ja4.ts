/**
 * The JA4 fingerprint of a TLS client (FoxIO, technical_details/JA4.md): it identifies the library and settings that
 * made a ClientHello, independent of the requested name. It reads what `client_hello.ts` leaves to the TLS library. It
 * is computed only on request: nothing that serves a client depends on it.
 */

import { joinBytes, toHex } from "./bytes.ts";
import { sha256 } from "./sha256.ts";

/** The inputs of the fingerprint, in the client's order, without GREASE (RFC 8701). */
interface HelloLists {
  readonly version: number;
  readonly ciphers: readonly number[];
  readonly extensions: readonly number[];
  readonly signatures: readonly number[];
  /** The first protocol of ALPN; empty without one. */
  readonly protocol: Uint8Array;
}

/**
 * The fingerprint, for example `t13d1516h2_8daaf6152771_e5627efa2ab1`, of a ClientHello at the start of the bytes,
 * which include record headers. Undefined if the bytes are not a complete ClientHello.
 */
export function ja4(bytes: Uint8Array): string | undefined {
  const body = helloBody(bytes);
  const lists = body === undefined ? undefined : readLists(new Reader(body));
  if (lists === undefined) return undefined;
  const { version, ciphers, extensions, signatures, protocol } = lists;
  const hashed = extensions.filter((type) => type !== SERVER_NAME && type !== ALPN);
  const signed = signatures.length === 0 ? "" : `_${hexList(signatures)}`;
  return [
    [
      `t${VERSIONS.get(version) ?? "00"}${extensions.includes(SERVER_NAME) ? "d" : "i"}`,
      `${count(ciphers)}${count(extensions)}${ends(protocol)}`,
    ].join(""),
    ciphers.length === 0 ? NOTHING : digest(hexList(ciphers.toSorted(ascending))),
    hashed.length === 0 ? NOTHING : digest(hexList(hashed.toSorted(ascending)) + signed),
  ].join("_");
}

/** The message's body, joined from all of its records. */
function helloBody(bytes: Uint8Array): Uint8Array | undefined {
  const pieces: Uint8Array[] = [];
  for (let at = 0; bytes[at] === HANDSHAKE && at + RECORD_HEADER <= bytes.length;) {
    const from = at + RECORD_HEADER;
    at = from + word(bytes, at + 3);
    pieces.push(bytes.subarray(from, at));
  }
  const message = new Reader(pieces.length === 1 ? pieces[0]! : joinBytes(...pieces));
  if (message.number(1) !== CLIENT_HELLO) return undefined;
  const body = message.take(message.number(1) * 0x10000 + message.number(2));
  return message.torn ? undefined : body;
}

/** Undefined if the structure is inconsistent. */
function readLists(hello: Reader): HelloLists | undefined {
  let version = hello.number(2);
  hello.take(RANDOM);
  hello.take(hello.number(1));
  const ciphers = hello.words(hello.number(2));
  hello.take(hello.number(1));
  const rest = hello.left === 0 ? hello : new Reader(hello.take(hello.number(2)));
  const extensions: number[] = [];
  let signatures: readonly number[] = [];
  let protocol: Uint8Array = new Uint8Array();
  while (rest.left > 0) {
    const type = rest.number(2);
    const data = new Reader(rest.take(rest.number(2)));
    if (!isGrease(type)) extensions.push(type);
    if (type === SUPPORTED_VERSIONS) version = Math.max(0, ...data.words(data.number(1)));
    else if (type === SIGNATURE_ALGORITHMS) signatures = data.words(data.number(2));
    else if (type === ALPN && data.left > 2) protocol = data.skip(2).take(data.number(1));
    if (data.torn) return undefined;
  }
  if (hello.torn || rest.torn) return undefined;
  return { version, ciphers, extensions, signatures, protocol };
}

/** Reads numbers and bytes in sequence. Missing bytes are read as zero, and mark the reader as torn. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  torn = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** A number of one or two bytes. */
  number(size: 1 | 2): number {
    const bytes = this.take(size);
    if (this.torn) return 0;
    return size === 1 ? bytes[0]! : word(bytes, 0);
  }

  take(length: number): Uint8Array {
    if (length > this.left) this.torn = true;
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += bytes.length;
    return bytes;
  }

  skip(length: number): this {
    this.take(length);
    return this;
  }

  /** Numbers of two bytes, without GREASE. */
  words(length: number): number[] {
    const bytes = this.take(length);
    const words: number[] = [];
    for (let at = 0; at + 1 < bytes.length; at += 2) {
      const number = word(bytes, at);
      if (!isGrease(number)) words.push(number);
    }
    return words;
  }
}

/** First and last character, or those of the hexadecimal form if one of them is not a letter or digit. */
function ends(protocol: Uint8Array): string {
  const [first, last] = [protocol[0], protocol.at(-1)];
  if (first === undefined || last === undefined) return "00";
  const characters = [first, last].map((byte) => String.fromCharCode(byte));
  if (characters.every((character) => /[0-9A-Za-z]/.test(character))) return characters.join("");
  return (first >> 4).toString(16) + (last & 15).toString(16);
}

function count(list: readonly number[]): string {
  return String(Math.min(list.length, 99)).padStart(2, "0");
}

function hexList(numbers: readonly number[]): string {
  return numbers.map((number) => number.toString(16).padStart(4, "0")).join(",");
}

function digest(text: string): string {
  return toHex(sha256(text).subarray(0, NOTHING.length / 2));
}

function ascending(one: number, other: number): number {
  return one - other;
}

/** RFC 8701: two equal bytes that end in 0xa. */
function isGrease(number: number): boolean {
  return (number & 0x0f0f) === 0x0a0a && number >> 8 === (number & 0xff);
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** Written for an empty list. */
const NOTHING = "000000000000";
const VERSIONS = new Map([
  [0x0304, "13"],
  [0x0303, "12"],
  [0x0302, "11"],
  [0x0301, "10"],
  [0x0300, "s3"],
  [0x0002, "s2"],
]);

const HANDSHAKE = 22;
const RECORD_HEADER = 5;
const CLIENT_HELLO = 1;
const RANDOM = 32;

/** Extension types. */
const SERVER_NAME = 0;
const SIGNATURE_ALGORITHMS = 13;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;
