/**
 * Reads the PROXY header that comes in clear before a handshake. Bytes that arrived after it belong to the
 * handshake, and the next read returns them first.
 */

import { PeerError } from "../errors.ts";
import type { HandshakeReason } from "./handshake_reasons.ts";
import { firstOf } from "./plain_handshake.ts";
import type { Duplex, SocketAddress } from "../runtime/runtime.ts";
import { parseProxyHeader } from "../wire/proxy_header.ts";
import { quoteBytes } from "../wire/escape.ts";

/** A source of bytes. */
export type Source = Pick<Duplex, "read" | "lend">;

/** A header, and the source to read the handshake from. */
export interface ReadProxyHeader {
  readonly header: Uint8Array;
  /** The client address in the header; undefined if it has none. */
  readonly client: SocketAddress | undefined;
  /**
   * Its first read or loan returns what arrived after the header; a read returns at most {@linkcode AT_ONCE} bytes
   * of it.
   */
  readonly rest: Source;
}

/**
 * Reads until there is a whole header. Rejects with a {@linkcode PeerError} of kind `handshake` if something else
 * comes, of kind `closed` at the end, with `NothingSent` if nothing comes at all, otherwise as the source does.
 */
export async function readProxyHeader(source: Source): Promise<ReadProxyHeader> {
  for (let seen: Uint8Array | null = new Uint8Array();;) {
    const reading = readOn(source, seen);
    seen = await (seen.length === 0 ? firstOf(reading) : reading);
    if (seen === null) throw new PeerError("client", "closed", "ended in the PROXY header");
    const verdict = parseProxyHeader(seen);
    if (verdict.kind === "refused") {
      const detail = `it sent ${quoteBytes(seen)}`;
      const reason: HandshakeReason = verdict.isMissing
        ? "proxy-header-missing"
        : "proxy-header-invalid";
      throw new PeerError("client", "handshake", verdict.reason, { detail, reason });
    }
    if (verdict.kind === "incomplete") continue;
    const { length, client } = verdict;
    const early = seen.subarray(length);
    const rest = early.length === 0 ? source : preceded(early, source);
    return { header: seen.slice(0, length), client, rest };
  }
}

/** The bytes seen so far and the next ones; null at the end. */
async function readOn(source: Source, seen: Uint8Array): Promise<Uint8Array | null> {
  if (source.lend !== undefined) {
    const more = await source.lend();
    if (more === null) return null;
    const all = extended(seen, more.length);
    all.set(more, seen.length);
    return all;
  }
  const space = extended(seen, AT_ONCE);
  const bytes = await source.read(space.subarray(seen.length));
  return bytes === null ? null : space.subarray(0, seen.length + bytes);
}

/** The same bytes with room for more after them, without a copy if possible. */
function extended(seen: Uint8Array, by: number): Uint8Array {
  const length = seen.length + by;
  if (length <= seen.buffer.byteLength) return new Uint8Array(seen.buffer, 0, length);
  const larger = new Uint8Array(2 * length);
  larger.set(seen);
  return larger.subarray(0, length);
}

/** A source that returns these bytes first, all at once. */
function preceded(early: Uint8Array, source: Source): Source {
  let first: Uint8Array | undefined = early;
  const takeFirst = () => {
    const bytes = first;
    first = undefined;
    return bytes;
  };
  return {
    read(into) {
      const bytes = takeFirst();
      if (bytes === undefined) return source.read(into);
      into.set(bytes);
      return Promise.resolve(bytes.length);
    },
    ...source.lend && {
      lend() {
        const bytes = takeFirst();
        return bytes === undefined ? source.lend!() : Promise.resolve(bytes);
      },
    },
  };
}

/** Bytes per read: enough for a header without a certificate and the hello after it. */
const AT_ONCE = 1 << 10;
