/**
 * What is said before encryption: reads a whole ClientHello, so that the choice of certificates can be ours,
 * and makes the alert for a client that the TLS library never gets to see.
 */

import { PeerError } from "../errors.ts";
import type { Duplex } from "../runtime/runtime.ts";
import { NothingSent } from "./handshake_end.ts";
import { joinBytes } from "../wire/bytes.ts";
import { LONGEST_HELLO, parseClientHello } from "../wire/client_hello.ts";

/** A hello that is whole, or will never be one, and everything that was read so far. */
export interface ReadHello {
  readonly verdict: Exclude<ReturnType<typeof parseClientHello>, { readonly kind: "incomplete" }>;
  /** In the buffer that was given, or in a larger one. */
  readonly octets: Uint8Array;
  /** The buffer they are in; undefined: they are lent. */
  readonly buffer: Uint8Array | undefined;
}

/**
 * Reads until there is a verdict: at once if all of the hello is there, as it nearly always is. Throws or rejects
 * with {@linkcode NothingSent} at the first read, later with a {@linkcode PeerError} at the end, else as the source does.
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
      return { verdict, octets: space.subarray(0, first), buffer: space };
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
  for (let length = 0, octets: number | null = await firstOf(begun);;) {
    if (octets === null) throw new PeerError("client", "closed", "ended in the handshake");
    length += octets;
    const verdict = parseClientHello(buffer.subarray(0, length));
    if (verdict.kind !== "incomplete") {
      return { verdict, octets: buffer.subarray(0, length), buffer };
    }
    if (length === buffer.length) buffer = enlarged(buffer);
    octets = await source.read(buffer.subarray(length));
  }
}

/** What the first read or loan gives. Rejects with {@linkcode NothingSent}. */
export async function firstOf<Octets>(
  begun: Octets | null | Promise<Octets | null>,
): Promise<Octets> {
  let octets: Octets | null;
  try {
    octets = await begun;
  } catch (error) {
    throw new NothingSent(error);
  }
  if (octets === null) throw new NothingSent();
  return octets;
}

/** The same from a source that lends its octets; what it gives is lent too. */
export async function lentClientHello(
  source: Pick<Duplex, "lend">,
): Promise<ReadHello> {
  let before: Uint8Array | undefined;
  for (;;) {
    const more = before === undefined ? await firstOf(source.lend!()) : await source.lend!();
    if (more === null) throw new PeerError("client", "closed", "ended in the handshake");
    const octets = before === undefined ? more : joinBytes(before, more);
    const verdict = parseClientHello(octets);
    if (verdict.kind !== "incomplete") return { verdict, octets, buffer: undefined };
    before = before === undefined ? new Uint8Array(more) : octets;
  }
}

/** A fatal alert in a record of its own; the version is that of a hello's record (RFC 8446 section 5.1). */
export function plainAlert(alert: number): Uint8Array {
  return Uint8Array.of(ALERT_RECORD, 3, 1, 0, 2, FATAL, alert);
}

function enlarged(buffer: Uint8Array): Uint8Array {
  const larger = new Uint8Array(Math.min(2 * buffer.length, LONGEST_HELLO));
  larger.set(buffer);
  return larger;
}

// RFC 8446 section 6.
/** Something of ours is wrong. */
export const INTERNAL_ERROR = 80;
/** No certificate is for the name asked for (RFC 6066 section 3). */
export const UNRECOGNIZED_NAME = 112;
const ALERT_RECORD = 21;
const FATAL = 2;
