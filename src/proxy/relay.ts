/**
 * Relays bytes between a client and its backend until both directions have ended. Each direction reads only when
 * the other side has taken the previous bytes, so a connection holds at most one buffer per direction.
 *
 * An orderly end of one side is passed on, and the other direction continues (half-close). A disorderly end is
 * never made to look orderly: what was read is delivered, then the other side sees a reset.
 */

import { type Party, PeerError } from "../errors.ts";
import { type Agreement, type Duplex, pause, type Runtime } from "../runtime/runtime.ts";
import type { Abortable, Aborter, AbortMoment } from "./aborter.ts";
import type { AccessRecord } from "./access_log.ts";
import type { Activity } from "./activity.ts";
import type { Counters } from "./counters.ts";
import type { FrontendCounts } from "./frontend_counts.ts";
import { type Inlet, lendingInlet } from "./inlet.ts";
import type { OpenRelay } from "./slots.ts";
import { type Direction, discard, pump } from "./pump.ts";
import { ReadBuffers } from "./read_buffer.ts";
import type { StallWatch, Watched } from "./stall_watch.ts";

/** Shared by all relays of a worker. */
export interface RelayServices {
  readonly runtime: Runtime;
  readonly aborter: Aborter;
  readonly stallWatch: StallWatch;
  readonly counters: Counters;
  readonly activity: Activity;
  readonly buffers: RelayBuffers;
}

/** The connection that a relay belongs to. */
export interface RelayOwner {
  readonly counts: RelayCounts;
  /** Gets the relay while it runs. */
  readonly admitted?: { relay: OpenRelay | undefined };
  readonly record?: Pick<AccessRecord, "relayed"> | undefined;
}

/** Where a relay counts. */
export type RelayCounts = Pick<
  FrontendCounts,
  "toBackend" | "toClient" | "clientsWithoutCloseNotify" | "backendsWithoutCloseNotify"
>;

/** The buffers of both directions. */
export interface RelayBuffers {
  readonly fromClient: ReadBuffers;
  readonly fromBackend: ReadBuffers;
}

/**
 * The sizes that measured best, by bytes per CPU second in bulk and by memory while idle. `oneRecordPerRead` is
 * what the TLS library declares; `tls` is the side that speaks TLS.
 */
export function newRelayBuffers(
  oneRecordPerRead: boolean,
  tls: Party = "client",
): RelayBuffers {
  // A record that is far from full ends a burst.
  const records = new ReadBuffers({
    small: 2 << 10,
    large: 8 * TLS_RECORD,
    keepAbove: TLS_RECORD / 2,
    record: oneRecordPerRead ? TLS_RECORD : 0,
    crowd: CROWD,
  });
  // TCP returns all it has, so a read that leaves much room has emptied the queue.
  const bytes = new ReadBuffers({
    small: 2 << 10,
    large: 128 << 10,
    keepAbove: 64 << 10,
    record: 0,
    crowd: CROWD,
  });
  return tls === "client"
    ? { fromClient: records, fromBackend: bytes }
    : { fromClient: bytes, fromBackend: records };
}

/** One side of a relay. */
export type RelayEnd = Duplex & Abortable;

/**
 * Relays until both directions have ended. Resolves with undefined after an orderly end, otherwise with the first
 * fault. The caller closes both sides afterwards; no read or write is pending then. The record of its owner receives
 * the byte counts.
 */
export function relay(
  client: RelayEnd,
  backend: RelayEnd,
  services: RelayServices,
  owner: RelayOwner,
): Promise<PeerError | undefined> {
  return new Relay(client, backend, services, owner.counts).run(owner);
}

class Relay implements Watched, OpenRelay {
  readonly #client: RelayEnd;
  readonly #backend: RelayEnd;
  readonly #services: RelayServices;
  readonly #counts: RelayCounts;
  readonly #up: Direction;
  readonly #down: Direction;
  #fault: PeerError | undefined;
  #backendTakesNoMore = false;
  /** The reset that a write to the backend failed with. */
  #backendReset: PeerError | undefined;
  /** See {@linkcode OpenRelay}. */
  movedAt: number | undefined;
  #downOver = false;
  #upOver = false;
  /** Whether the backend has sent nothing since the client's last bytes. */
  #unanswered = false;
  /** Both sides have been closed. */
  #over = false;
  /** Aborts in progress. Nothing is closed before they are done, or the end would look orderly. */
  readonly #aborts: Promise<void>[] = [];

  constructor(client: RelayEnd, backend: RelayEnd, services: RelayServices, counts: RelayCounts) {
    this.#client = client;
    this.#backend = backend;
    this.#services = services;
    this.#counts = counts;
    const { activity } = services;
    const { fromClient, fromBackend } = services.buffers;
    const up = lendingInlet(client, backend) ?? fromClient.take(client);
    const down = lendingInlet(backend, client) ?? fromBackend.take(backend);
    this.#up = newDirection(backend, up, (length) => {
      this.#unanswered = true;
      counts.toBackend.value += length;
      this.movedAt = activity.time;
    });
    this.#down = newDirection(client, down, (length) => {
      this.#unanswered = false;
      counts.toClient.value += length;
      this.movedAt = activity.time;
    });
  }

  async run({ admitted, record }: RelayOwner): Promise<PeerError | undefined> {
    const { stallWatch, counters } = this.#services;
    if (admitted !== undefined) admitted.relay = this;
    stallWatch.add(this);
    const down = this.#runDown();
    await this.#runUp();
    await down;
    if (this.#aborts.length > 0) await Promise.all(this.#aborts);
    stallWatch.delete(this);
    if (admitted !== undefined) admitted.relay = undefined;
    counters.bytesToBackend += this.#up.bytes;
    counters.bytesToClient += this.#down.bytes;
    record?.relayed(this.#up.bytes, this.#down.bytes);
    this.#up.inlet.release();
    this.#down.inlet.release();
    return this.#fault;
  }

  get bytesToBackend(): number {
    return this.#up.bytes;
  }

  get bytesToClient(): number {
    return this.#down.bytes;
  }

  get agreement(): Agreement | undefined {
    return this.#client.agreement;
  }

  get ended(): boolean {
    return this.#up.ended || this.#down.ended || this.#upOver || this.#downOver;
  }

  get writing(): boolean {
    return this.#up.writing || this.#down.writing;
  }

  get bytes(): number {
    return this.#up.bytes + this.#down.bytes;
  }

  unsent(): number {
    return this.#client.unsent() + this.#backend.unsent();
  }

  stalled(): void {
    const party: Party = this.#up.writing || (this.#upOver && !this.#down.writing)
      ? "backend"
      : "client";
    this.#abortBoth(
      new PeerError(party, "timeout", "no progress within --stall-timeout or --linger-timeout"),
      "now",
    );
  }

  abort(): void {
    this.#abortBoth(new PeerError("client", "reset", "drain timeout expired"), "now");
  }

  disconnect(): void {
    this.#abortBoth(new PeerError("client", "reset", "disconnected by the operator"), "now");
  }

  async #runUp(): Promise<void> {
    const { clock } = this.#services.runtime;
    const fault = await pump(this.#up, clock);
    if (fault === undefined || this.#over) {
      this.#upOver = true;
      return;
    }
    if (!this.#up.writing) {
      this.#clientLeft(this.#translate(fault, "client"));
    } else {
      // The backend accepts no more, but its answer may still be on the way. Do not reset the client yet: a client
      // that is reset while it sends may never read the answer.
      this.#backendTakesNoMore = true;
      const broken = this.#translate(fault, "backend");
      if (broken.kind === "reset") this.#backendReset = broken;
      this.#up.writing = false;
      this.#endDiscarding();
      await discard(this.#up, () => pause(clock, DISCARD_PAUSE));
    }
    this.#upOver = true;
  }

  async #runDown(): Promise<void> {
    const { clock } = this.#services.runtime;
    const fault = await pump(this.#down, clock, () => this.#checkReset());
    this.#downOver = true;
    if (this.#over) return;
    if (fault === undefined) {
      this.#endDiscarding();
    } else if (this.#down.writing) {
      this.#down.writing = false;
      this.#clientLeft(this.#translate(fault, "client"));
    } else {
      await this.#backendLeft(this.#translate(fault, "backend"));
    }
    this.#down.writing = false;
  }

  /**
   * Nearly every client leaves without close_notify once it has its answer. Only if some of its data may be
   * missing must the backend not see an orderly end.
   */
  #clientLeft(fault: PeerError): void {
    if (fault.kind === "closed") {
      this.#services.counters.clientsWithoutCloseNotify++;
      this.#counts.clientsWithoutCloseNotify.value++;
    }
    this.#fault ??= fault;
    const damaged = fault.kind === "cut" || fault.kind === "other";
    if (this.#unanswered || this.#up.writing || damaged) {
      return this.#abortBoth(fault, "when-sent");
    }
    this.#over = true;
    // After a plain close, a client that reads nothing would keep its descriptor open (Deno's TLS) for as long as
    // it likes.
    if (this.#down.writing) this.#abort(this.#client, "when-sent");
    else this.#client.close();
    this.#backend.close();
  }

  async #backendLeft(fault: PeerError): Promise<void> {
    if (fault.kind === "closed") {
      // It sent whole records and then ended the connection; plaintext would not have shown more.
      this.#services.counters.backendsWithoutCloseNotify++;
      this.#counts.backendsWithoutCloseNotify.value++;
      if (await this.#passEnd()) return;
    }
    this.#fault ??= fault;
    await this.#clientQuiet();
    this.#abortBoth(this.#fault, "when-sent");
  }

  /** Passes an orderly end on to the client, if it is still connected. */
  async #passEnd(): Promise<boolean> {
    try {
      this.#down.ended = true;
      await this.#client.closeWrite();
      this.#endDiscarding();
      return true;
    } catch {
      return false;
    }
  }

  /**
   * If the backend has reset the connection, throws that instead of accepting an orderly end. Linux reports a
   * reset only once: if a write got it, the next read sees an end.
   */
  async #checkReset(): Promise<void> {
    // A write that failed in this turn of the event loop may not have been reported yet.
    if (this.#up.writing) await this.#services.runtime.clock.turn();
    if (this.#backendReset !== undefined) throw this.#backendReset;
  }

  /** Once the backend has ended both directions, the client may continue to send only for a moment. */
  #endDiscarding(): void {
    if (!this.#backendTakesNoMore || !this.#downOver) return;
    this.#services.runtime.clock.after(DISCARD_LIMIT, () => {
      if (!this.#upOver) this.#abort(this.#client, "when-sent");
    });
  }

  /** Waits until the client has been silent for a moment, so that it has time to read what was sent. */
  async #clientQuiet(): Promise<void> {
    const { clock } = this.#services.runtime;
    for (let waited = 0; waited < DISCARD_LIMIT && !this.#upOver; waited += QUIET_PERIOD) {
      const before = this.#up.bytes;
      await pause(clock, QUIET_PERIOD);
      if (this.#up.bytes === before) return;
    }
  }

  #abortBoth(fault: PeerError, moment: "now" | "when-sent"): void {
    this.#fault ??= fault;
    this.#abort(this.#client, moment);
    this.#abort(this.#backend, moment);
  }

  #abort(side: RelayEnd, moment: AbortMoment): void {
    this.#aborts.push(this.#services.aborter.abort(side, moment));
  }

  #translate(error: unknown, party: Party): PeerError {
    return this.#services.runtime.network.peerError(error, party);
  }
}

function newDirection(
  to: RelayEnd,
  inlet: Inlet,
  onBytes: (length: number) => void,
): Direction {
  return { to, inlet, onBytes, writing: false, bytes: 0, ended: false };
}

/** Max plaintext of one TLS record (RFC 8446 section 5.1). */
const TLS_RECORD = 16 << 10;
/**
 * A peer that takes one byte a second holds the buffer that was filled for it. So at most this many large buffers
 * are in use in each direction, 4 MiB in all. Beyond that, reads are of 32 KiB, which costs some percent more CPU
 * time in bulk.
 */
const CROWD = { from: 32, size: 32 << 10 };
/** Milliseconds a client may continue to send after the backend has gone. */
const DISCARD_LIMIT = 2_000;
/** Milliseconds without a byte that count as silence. */
const QUIET_PERIOD = 100;
/** Milliseconds between reads of discarded data. */
const DISCARD_PAUSE = 3;
