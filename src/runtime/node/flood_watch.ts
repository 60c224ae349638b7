/**
 * Disconnects clients that send protocol messages and no data. OpenSSL answers each KeyUpdate (RFC 8446 section 4.6.3)
 * by itself, and Node does not report it. So every few seconds the bytes that arrived are compared with the data in
 * them.
 */

import { clearInterval, setInterval } from "node:timers";
import { PeerError } from "../../errors.ts";

/** A connection as this watch sees it; the numbers only increase. */
export interface Floodable {
  /** Bytes of ciphertext that have arrived. */
  readonly ciphertext: number;
  /** Bytes of plaintext in them, and the records these were in. */
  readonly bytes: number;
  readonly records: number;
  /** Whether the client does not read what it is sent. */
  readonly stuck: boolean;
  refuse(fault: PeerError): void;
}

interface Mark {
  overhead: number;
  records: number;
  wasStuck: boolean;
}

const watched = new Map<Floodable, Mark>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Watches a connection until {@linkcode endFloodWatch}. */
export function watchForFloods(connection: Floodable): void {
  watched.set(connection, { overhead: overheadOf(connection), records: 0, wasStuck: false });
  if (timer !== undefined) return;
  timer = setInterval(look, PERIOD);
  timer.unref();
}

/** Forgets a connection that has ended. */
export function endFloodWatch(connection: Floodable): void {
  watched.delete(connection);
}

function look(): void {
  for (const [connection, mark] of watched) judge(connection, mark);
  if (watched.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

function judge(connection: Floodable, mark: Mark): void {
  const overhead = overheadOf(connection) - mark.overhead;
  const records = connection.records - mark.records;
  const { stuck } = connection;
  // Records may be padded to their full length; but a client that reads nothing must not make us store answers.
  const allowed = stuck && mark.wasStuck ? MAX_UNREAD : MAX_IDLE + records * LONGEST_RECORD;
  if (overhead > allowed) {
    watched.delete(connection);
    const reason = "the client broke the protocol (too many KeyUpdates)";
    return connection.refuse(new PeerError("client", "other", reason));
  }
  // While the client is stuck, its overhead accumulates.
  if (stuck && mark.wasStuck) return;
  mark.overhead += overhead;
  mark.records += records;
  mark.wasStuck = stuck;
}

/** Bytes that were neither data nor the frame of a record with data. */
function overheadOf({ ciphertext, bytes, records }: Floodable): number {
  return ciphertext - bytes - records * RECORD_FRAME;
}

/** Milliseconds. */
const PERIOD = 2_000;
/** Bytes without data that a client may send in a period: some 600 KeyUpdates. */
const MAX_IDLE = 16 << 10;
/** The same for a client that does not read the answers. */
const MAX_UNREAD = 64 << 10;
const LONGEST_RECORD = 17 << 10;
/**
 * Max bytes that a record adds to its data: CBC in TLS 1.2. Ciphers that add less allow a client some more overhead.
 */
const RECORD_FRAME = 85;
