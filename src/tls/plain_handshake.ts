/**
 * The part of a connection before encryption. It reads a whole ClientHello, so that stud itself can choose the
 * certificates, and creates the alert for a client that the TLS library never sees.
 */

import { PeerError } from "../errors.ts";
import type { Duplex } from "../runtime/runtime.ts";
import { NothingSent } from "./handshake_end.ts";
import { joinBytes } from "../wire/bytes.ts";
import { LONGEST_HELLO, parseClientHello } from "../wire/client_hello.ts";

/** A hello that is complete, or can never be, and everything read so far. */
export interface ReadHello {
  readonly verdict: Exclude<ReturnType<typeof parseClientHello>, { readonly kind: "incomplete" }>;
  /** In the buffer that was passed in, or in a larger one. */
  readonly bytes: Uint8Array;
  /** The buffer that contains the bytes; undefined if they are lent. */
  readonly buffer: Uint8Array | undefined;
}

/**
 * Reads until there is a verdict: synchronously if the whole hello is available, as it nearly always is. The first
 * read throws or rejects with {@linkcode NothingSent}. A later one does so with a {@linkcode PeerError} at the end
 * of the stream, otherwise as the source does.
 */
export function readClientHello(
  source: Pick<Duplex, "read">,
  space: Uint8Array,
): ReadHello | Promise<ReadHello> {
  let first: ReturnType<Duplex["read"]>;
  try {
    first = source.read(space);
  } catch (error) {
    throw new NothingSent(error);
  }
  if (typeof first === "number") {
    const verdict = parseClientHello(space.subarray(0, first));
    if (verdict.kind !== "incomplete") {
      return { verdict, bytes: space.subarray(0, first), buffer: space };
    }
  }
  return readOn(source, space, first);
}

async function readOn(
  source: Pick<Duplex, "read">,
  space: Uint8Array,
  begun: ReturnType<Duplex["read"]>,
): Promise<ReadHello> {
  let buffer = space;
  for (let length = 0, bytes: number | null = await firstOf(begun);;) {
    if (bytes === null) throw new PeerError("client", "closed", "ended in the handshake");
    length += bytes;
    const verdict = parseClientHello(buffer.subarray(0, length));
    if (verdict.kind !== "incomplete") {
      return { verdict, bytes: buffer.subarray(0, length), buffer };
    }
    if (length === buffer.length) buffer = enlarged(buffer);
    bytes = await source.read(buffer.subarray(length));
  }
}

/** The result of the first read or loan. Rejects with {@linkcode NothingSent}. */
export async function firstOf<Bytes>(
  begun: Bytes | null | Promise<Bytes | null>,
): Promise<Bytes> {
  let bytes: Bytes | null;
  try {
    bytes = await begun;
  } catch (error) {
    throw new NothingSent(error);
  }
  if (bytes === null) throw new NothingSent();
  return bytes;
}

/** The same from a source that lends its bytes; the result is lent too. */
export async function lentClientHello(
  source: Pick<Duplex, "lend">,
): Promise<ReadHello> {
  let before: Uint8Array | undefined;
  for (;;) {
    const more = before === undefined ? await firstOf(source.lend!()) : await source.lend!();
    if (more === null) throw new PeerError("client", "closed", "ended in the handshake");
    const bytes = before === undefined ? more : joinBytes(before, more);
    const verdict = parseClientHello(bytes);
    if (verdict.kind !== "incomplete") return { verdict, bytes, buffer: undefined };
    before = before === undefined ? new Uint8Array(more) : bytes;
  }
}

/** Whether bytes that are no TLS begin as an HTTP request does (RFC 9112 section 3). */
export function isPlainHttp(bytes: Uint8Array): boolean {
  const start = String.fromCharCode(...bytes.subarray(0, LONGEST_METHOD));
  return /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT|PRI) /.test(start);
}

/** A fatal alert in a record of its own, with the record version of a hello (RFC 8446 section 5.1). */
export function plainAlert(alert: number): Uint8Array {
  return Uint8Array.of(ALERT_RECORD, 3, 1, 0, 2, FATAL, alert);
}

function enlarged(buffer: Uint8Array): Uint8Array {
  const larger = new Uint8Array(Math.min(2 * buffer.length, LONGEST_HELLO));
  larger.set(buffer);
  return larger;
}

// RFC 8446 section 6.
/** A fault on our side. */
export const INTERNAL_ERROR = 80;
/** No certificate is for the requested name (RFC 6066 section 3). */
export const UNRECOGNIZED_NAME = 112;
/** Bytes of the longest method and the space after it. */
const LONGEST_METHOD = 8;
const ALERT_RECORD = 21;
const FATAL = 2;
