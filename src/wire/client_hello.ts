/**
 * Parses the ClientHello at the start of a connection, before a TLS library gets it: the server name, the ALPN
 * protocols and the names of the client's tickets. It knows records (RFC 8446 section 5.1), the message (RFC 8446
 * section 4.1.2, RFC 5246 section 7.4.1.2) and the four extensions that it needs. The library validates versions,
 * ciphers, keys and all other extensions.
 */

import { isIpAddress } from "./ip_address.ts";

/** What a client sends about itself unencrypted. */
export interface ClientHello {
  /**
   * SNI host_name (RFC 6066 section 3), lower case, without a final dot; undefined if the client sent none, or
   * something else. Letters, digits, `-` and `_` in non-empty labels, max 255 bytes. It may be an IP address: clients
   * should not send one, but some do.
   */
  readonly serverName: string | undefined;
  /**
   * The server name that was sent, if it is not a valid host_name: `[::1]`, `*.example.org`, spaces, empty. UTF-8 where
   * it is valid, any character but NUL, for logs only. No certificate matches it, but servers commonly serve the client
   * anyway. Undefined otherwise.
   */
  readonly strangeName?: string;
  /** RFC 7301, in the client's order, one character per byte; empty if none was sent. */
  readonly alpnProtocols: readonly string[];
  /**
   * The first 16 bytes of the session ticket (RFC 5077) and of each PSK identity (RFC 8446 section 4.2.11) that is at
   * least that long: views of the input, or of a copy if the hello came in several records.
   */
  readonly ticketNames: readonly Uint8Array[];
  /** The part that contains everything else it offers (`client_offers.ts`). */
  readonly body: HelloBody;
}

/** A ClientHello from its version on, in the input or in a copy. Its structure has been checked. */
export interface HelloBody {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** The result for the bytes so far. A hello or a refusal stays the same whatever follows. */
export type HelloVerdict =
  /** More bytes are needed. */
  | { readonly kind: "incomplete" }
  | { readonly kind: "hello"; readonly hello: ClientHello }
  /** `reason` is for the operator, `alert` (RFC 8446 section 6) for the client. */
  | {
    readonly kind: "refused";
    /** Undefined: the hello is malformed. */
    readonly fault?: HelloFault;
    readonly reason: string;
    readonly alert: number;
  };

/** What is not even a malformed hello: no TLS at all, or SSLv2. */
export type HelloFault = "not-tls" | "old-version";

type Refused = Extract<HelloVerdict, { kind: "refused" }>;

/** A host_name that is not valid. */
interface StrangeName {
  readonly kind: "strange";
  readonly text: string;
}

/**
 * Max bytes of a ClientHello, including record headers: with that many, the result is never "incomplete". Clients send
 * 300 to 2,000; several large tickets with post-quantum key shares stay under 16 KiB, the limit of some servers. Twice
 * that leaves room for headers: a usual hello fits even with one record per byte.
 */
export const LONGEST_HELLO = 32 << 10;

/**
 * Parses the bytes of a connection from the first one, as many as there are. Refuses as early as possible; the message
 * itself is parsed when all of it has arrived. Ignores what follows the hello. Never throws, and takes time
 * proportional to the number of bytes.
 */
export function parseClientHello(bytes: Uint8Array): HelloVerdict {
  const length = Math.min(bytes.length, LONGEST_HELLO);
  let header = 0;
  let have = 0;
  for (let record = 0; record < length;) {
    const fault = recordFault(bytes, record, length);
    if (fault !== undefined) return fault;
    let at = record + RECORD_HEADER;
    if (at > length) break;
    const end = at + word(bytes, at - 2);
    const stop = Math.min(end, length);
    for (; have < MESSAGE_HEADER && at < stop; at++, have++) {
      // At any point this is the smallest value that the whole header can have.
      header |= bytes[at]! << (24 - 8 * have);
      if (header >>> 24 !== CLIENT_HELLO) return UNEXPECTED;
      if ((header & 0xffffff) > LONGEST_BODY) return TOO_LONG;
    }
    if (have >= MESSAGE_HEADER) {
      const size = header & 0xffffff;
      if (size < SHORTEST_BODY) return MALFORMED;
      if (have + stop - at >= MESSAGE_HEADER + size) {
        return record === 0
          ? parseBody(bytes, at, at + size)
          : parseBody(joined(bytes, size), 0, size);
      }
      have += stop - at;
    }
    record = end;
  }
  return bytes.length < LONGEST_HELLO ? INCOMPLETE : TOO_LONG;
}

/** What is wrong with the record header at this index, as far as it has arrived. */
function recordFault(bytes: Uint8Array, at: number, length: number): HelloVerdict | undefined {
  if (bytes[at] !== HANDSHAKE) return at === 0 ? withoutHandshake(bytes, length) : UNEXPECTED;
  if (at + 1 >= length) return undefined;
  if (bytes[at + 1] !== MAJOR_VERSION) return at === 0 ? NOT_TLS : MALFORMED_RECORD;
  if (at + 3 >= length) return undefined;
  if (bytes[at + 3]! > LONGEST_FRAGMENT >> 8) return RECORD_OVERFLOW;
  if (at + 4 >= length) return undefined;
  const fragment = word(bytes, at + 3);
  if (fragment === 0) return MALFORMED_RECORD;
  return fragment > LONGEST_FRAGMENT ? RECORD_OVERFLOW : undefined;
}

/** Distinguishes TLS in the wrong order, and SSLv2 (RFC 6101 appendix E), from everything else. */
function withoutHandshake(bytes: Uint8Array, length: number): HelloVerdict {
  const first = bytes[0]!;
  if (first & 0x80) {
    if (length < 3) return INCOMPLETE;
    return bytes[2] === CLIENT_HELLO ? SSLV2 : NOT_TLS;
  }
  if (!OTHER_RECORDS.includes(first)) return NOT_TLS;
  if (length > 1 && bytes[1] !== MAJOR_VERSION) return NOT_TLS;
  if (length < 3) return INCOMPLETE;
  return bytes[2]! <= NEWEST_MINOR_VERSION ? UNEXPECTED : NOT_TLS;
}

/** Joins the body of a message from several records, all of which have arrived. */
function joined(bytes: Uint8Array, size: number): Uint8Array {
  const message = new Uint8Array(MESSAGE_HEADER + size);
  for (let record = 0, have = 0; have < message.length;) {
    let at = record + RECORD_HEADER;
    record = at + word(bytes, at - 2);
    while (at < record && have < message.length) message[have++] = bytes[at++]!;
  }
  return message.subarray(MESSAGE_HEADER);
}

/** Version, random, session id, cipher suites, compression methods, extensions. */
function parseBody(bytes: Uint8Array, start: number, end: number): HelloVerdict {
  let at = start + 2 + 32;
  const sessionId = bytes[at]!;
  at += 1 + sessionId;
  if (sessionId > 32 || at + 2 > end) return MALFORMED;
  const ciphers = word(bytes, at);
  at += 2 + ciphers;
  if (ciphers === 0 || ciphers % 2 !== 0 || at >= end) return MALFORMED;
  const compressions = bytes[at]!;
  at += 1 + compressions;
  if (compressions === 0 || at > end) return MALFORMED;
  const body = { bytes, start, end };
  if (at === end) return parseExtensions(body, end);
  if (at + 2 > end || word(bytes, at) !== end - at - 2) return MALFORMED;
  return parseExtensions(body, at + 2);
}

function parseExtensions(body: HelloBody, start: number): HelloVerdict {
  const { bytes, end } = body;
  let serverName: string | StrangeName | undefined;
  let alpnProtocols: readonly string[] | undefined = NONE;
  let ticketNames: readonly Uint8Array[] = NONE;
  let seen = 0;
  for (let at = start; at < end;) {
    if (at + 4 > end) return MALFORMED;
    const type = word(bytes, at);
    const data = at + 4;
    at = data + word(bytes, at + 2);
    if (at > end) return MALFORMED;
    if (type !== SERVER_NAME && type !== ALPN && type !== TICKET && type !== PSK) continue;
    // A shift counts modulo 32, and there the four types differ: 0, 16, 3 and 9.
    if ((seen & (1 << type)) !== 0) return MISUSED;
    seen |= 1 << type;
    if (type === SERVER_NAME) {
      const name = parseServerNames(bytes, data, at);
      if (typeof name === "object" && name.kind === "refused") return name;
      serverName = name;
    } else if (type === ALPN) {
      alpnProtocols = parseProtocols(bytes, data, at);
      if (alpnProtocols === undefined) return MALFORMED;
    } else if (type === PSK) {
      // RFC 8446 section 4.2.11: it must be the last extension.
      if (at !== end) return MISUSED;
      const names = parseIdentities(bytes, data, at);
      if (names === undefined) return MALFORMED;
      ticketNames = ticketNames.length === 0 ? names : [...ticketNames, ...names];
    } else if (at - data >= TICKET_NAME) {
      ticketNames = [bytes.subarray(data, data + TICKET_NAME)];
    }
  }
  if (typeof serverName !== "object") {
    return { kind: "hello", hello: { serverName, alpnProtocols, ticketNames, body } };
  }
  const { text: strangeName } = serverName;
  return {
    kind: "hello",
    hello: { serverName: undefined, strangeName, alpnProtocols, ticketNames, body },
  };
}

/** RFC 6066 section 3: max one host_name; undefined types of names are skipped. */
function parseServerNames(
  bytes: Uint8Array,
  start: number,
  end: number,
): string | StrangeName | Refused | undefined {
  if (end - start < 3 || word(bytes, start) !== end - start - 2) return NAME_UNREADABLE;
  let serverName: string | StrangeName | undefined;
  for (let at = start + 2; at < end;) {
    if (at + 3 > end) return NAME_UNREADABLE;
    const type = bytes[at];
    const from = at + 3;
    at = from + word(bytes, at + 1);
    if (at > end) return NAME_UNREADABLE;
    if (type !== HOST_NAME) continue;
    if (serverName !== undefined) return NAME_WRONG;
    const name = parseHostName(bytes, from, at);
    if (typeof name === "object" && name.kind === "refused") return name;
    serverName = name;
  }
  return serverName;
}

function parseHostName(
  bytes: Uint8Array,
  from: number,
  end: number,
): string | StrangeName | Refused {
  if (end - from > LONGEST_NAME) return NAME_UNUSABLE;
  const length = end - from - (bytes[end - 1] === DOT ? 1 : 0);
  const codes = new Array<number>(length);
  let before = DOT;
  for (let at = 0; at < length; at++) {
    const code = NAME_CODES[bytes[from + at]!]!;
    if (code === 0 || (code === DOT && before === DOT)) return otherName(bytes, from, end);
    codes[at] = before = code;
  }
  // An empty label: an empty name, a dot alone, or two dots at the end.
  return before === DOT ? otherName(bytes, from, end) : String.fromCharCode.apply(null, codes);
}

/** RFC 6066 requires a DNS name. Servers also accept an IP address, and any other text without a NUL. */
function otherName(bytes: Uint8Array, from: number, end: number): string | StrangeName | Refused {
  const sent = bytes.subarray(from, end);
  if (sent.includes(0)) return NAME_UNUSABLE;
  const text = new TextDecoder().decode(sent);
  return isIpAddress(text) ? text.toLowerCase() : { kind: "strange", text };
}

/** RFC 7301 section 3.1; undefined if malformed. */
function parseProtocols(bytes: Uint8Array, start: number, end: number): string[] | undefined {
  if (end - start < 4 || word(bytes, start) !== end - start - 2) return undefined;
  const names: string[] = [];
  for (let at = start + 2; at < end;) {
    const length = bytes[at]!;
    at += 1;
    if (length === 0 || at + length > end) return undefined;
    const codes = new Array<number>(length);
    for (let index = 0; index < length; index++) codes[index] = bytes[at + index]!;
    names.push(String.fromCharCode.apply(null, codes));
    at += length;
  }
  return names;
}

/** The names of tickets in OfferedPsks (RFC 8446 section 4.2.11); undefined if malformed. */
function parseIdentities(bytes: Uint8Array, start: number, end: number): Uint8Array[] | undefined {
  if (start + 2 > end) return undefined;
  const binders = start + 2 + word(bytes, start);
  if (binders === start + 2 || binders + 2 > end) return undefined;
  const names: Uint8Array[] = [];
  for (let at = start + 2; at < binders;) {
    if (at + 2 > binders) return undefined;
    const length = word(bytes, at);
    const identity = at + 2;
    at = identity + length + OBFUSCATED_AGE;
    if (length === 0 || at > binders) return undefined;
    if (length >= TICKET_NAME) names.push(bytes.subarray(identity, identity + TICKET_NAME));
  }
  const rest = end - binders - 2;
  return rest >= SHORTEST_BINDERS && word(bytes, binders) === rest ? names : undefined;
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function refused(reason: string, alert: number, fault?: HelloFault): Refused {
  return Object.freeze({ kind: "refused", ...fault && { fault }, reason, alert });
}

/** Content types (RFC 8446 section 5.1), message type (section 4), name type (RFC 6066 section 3). */
const HANDSHAKE = 22;
/** Change_cipher_spec, alert and application_data. */
const OTHER_RECORDS: readonly number[] = [20, 21, 23];
const CLIENT_HELLO = 1;
const HOST_NAME = 0;

/** Extension types; PSK is pre_shared_key. */
const SERVER_NAME = 0;
const ALPN = 16;
const TICKET = 35;
const PSK = 41;

/** RFC 8446 section 5.1: the minor version of a record with a ClientHello means nothing. */
const MAJOR_VERSION = 3;
const NEWEST_MINOR_VERSION = 4;

const RECORD_HEADER = 5;
const LONGEST_FRAGMENT = 1 << 14;
const MESSAGE_HEADER = 4;
/** One cipher suite, one compression method, no session id, no extensions. */
const SHORTEST_BODY = 2 + 32 + 1 + 2 + 2 + 1 + 1;
const LONGEST_BODY = LONGEST_HELLO - 2 * RECORD_HEADER - MESSAGE_HEADER;
const LONGEST_NAME = 255;
const TICKET_NAME = 16;
const OBFUSCATED_AGE = 4;
const SHORTEST_BINDERS = 33;
const DOT = 0x2e;
/** The lower-case form of a byte in a server name; 0 if the byte is not allowed. */
const NAME_CODES = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  return /[a-z0-9_.-]/i.test(character) ? character.toLowerCase().charCodeAt(0) : 0;
});

/**
 * Alerts: 10 unexpected_message, 22 record_overflow, 50 decode_error for unparsable messages, 47 illegal_parameter for
 * parsable but forbidden values, 70 protocol_version, 112 unrecognized_name.
 */
const NOT_TLS = refused("not TLS (plain HTTP, a PROXY line or another protocol)", 50, "not-tls");
const SSLV2 = refused("an SSLv2 ClientHello, which is obsolete and insecure", 70, "old-version");
const UNEXPECTED = refused("the client broke the protocol (unexpected message)", 10);
const MALFORMED_RECORD = refused("malformed TLS record", 50);
const RECORD_OVERFLOW = refused("malformed TLS record", 22);
const MALFORMED = refused("malformed TLS message", 50);
const MISUSED = refused("malformed TLS message", 47);
const TOO_LONG = refused("a ClientHello of more than 32 KiB", 47);
const NAME_UNREADABLE = refused("malformed server name", 50);
const NAME_WRONG = refused("malformed server name", 47);
/** OpenSSL refuses such names with this alert, regardless of the server's settings. */
const NAME_UNUSABLE = refused("malformed server name", 112);

const INCOMPLETE: HelloVerdict = Object.freeze({ kind: "incomplete" });
const NONE: readonly never[] = Object.freeze([]);
