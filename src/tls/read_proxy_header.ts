/**
 * Reads the PROXY header that comes in clear before a handshake. What has come behind it is the handshake's, and
 * is put in front of what is read next.
 */

import { PeerError } from "../errors.ts";
import { firstOf } from "./plain_handshake.ts";
import type { Duplex, SocketAddress } from "../runtime/runtime.ts";
import { parseProxyHeader } from "../wire/proxy_header.ts";
import { quoteBytes } from "../wire/escape.ts";

/** Where octets come from. */
export type Source = Pick<Duplex, "read" | "lend">;

/** A header, and where the handshake is to be read from. */
export interface ReadProxyHeader {
  readonly header: Uint8Array;
  /** The client it is about; undefined if it names none. */
  readonly client: SocketAddress | undefined;
  /** Its first read or loan is what came behind the header, which for a read is {@linkcode AT_ONCE} octets at most. */
  readonly rest: Source;
}

/**
 * Reads until there is a whole header. Rejects with a {@linkcode PeerError} of kind `handshake` if something else
 * comes, of kind `closed` at the end, with `NothingSent` if nothing comes at all, else as the source does.
 */
export async function readProxyHeader(source: Source): Promise<ReadProxyHeader> {
  for (let seen: Uint8Array | null = new Uint8Array();;) {
    const reading = readOn(source, seen);
    seen = await (seen.length === 0 ? firstOf(reading) : reading);
    if (seen === null) throw new PeerError("client", "closed", "ended in the PROXY header");
    const verdict = parseProxyHeader(seen);
    if (verdict.kind === "refused") {
      const detail = `it sent ${quoteBytes(seen)}`;
      throw new PeerError("client", "handshake", verdict.reason, { detail });
    }
    if (verdict.kind === "incomplete") continue;
    const { length, client } = verdict;
    const early = seen.subarray(length);
    const rest = early.length === 0 ? source : preceded(early, source);
    return { header: seen.slice(0, length), client, rest };
  }
}

/** What was seen and what comes next, or null at the end. */
async function readOn(source: Source, seen: Uint8Array): Promise<Uint8Array | null> {
  if (source.lend !== undefined) {
    const more = await source.lend();
    if (more === null) return null;
    const all = extended(seen, more.length);
    all.set(more, seen.length);
    return all;
  }
  const space = extended(seen, AT_ONCE);
  const octets = await source.read(space.subarray(seen.length));
  return octets === null ? null : space.subarray(0, seen.length + octets);
}

/** The same octets with room for more behind them, as far as possible where they are. */
function extended(seen: Uint8Array, by: number): Uint8Array {
  const length = seen.length + by;
  if (length <= seen.buffer.byteLength) return new Uint8Array(seen.buffer, 0, length);
  const larger = new Uint8Array(2 * length);
  larger.set(seen);
  return larger.subarray(0, length);
}

/** A source that gives these octets first, all at once. */
function preceded(early: Uint8Array, source: Source): Source {
  let first: Uint8Array | undefined = early;
  const takeFirst = () => {
    const octets = first;
    first = undefined;
    return octets;
  };
  return {
    read(into) {
      const octets = takeFirst();
      if (octets === undefined) return source.read(into);
      into.set(octets);
      return Promise.resolve(octets.length);
    },
    ...source.lend && {
      lend() {
        const octets = takeFirst();
        return octets === undefined ? source.lend!() : Promise.resolve(octets);
      },
    },
  };
}

/** Octets that are read at once: a header without a certificate in it, and the hello behind it. */
const AT_ONCE = 1 << 10;
