/**
 * Relays octets between a client and its backend until both directions have ended. Each direction reads only
 * when the other side has taken what came before, so a connection holds one buffer per direction at most.
 *
 * An orderly end of one side is passed on and the other direction goes on (half-close). A disorderly one is
 * never made to look orderly: what was read is delivered, then the other side sees a reset.
 */

import { type Party, PeerError } from "../errors.ts";
import { type Clock, type Duplex, pause, type Runtime } from "../runtime/runtime.ts";
import type { Abortable, Aborter, AbortMoment } from "./aborter.ts";
import type { AccessRecord } from "./access_log.ts";
import type { Counters } from "./counters.ts";
import { type Inlet, ReadBuffers } from "./read_buffer.ts";
import type { StallWatch, Watched } from "./stall_watch.ts";

/** What every relay of a worker shares. */
export interface RelayServices {
  readonly runtime: Runtime;
  readonly aborter: Aborter;
  readonly stallWatch: StallWatch;
  readonly counters: Counters;
  readonly buffers: RelayBuffers;
}

/** The buffers of both directions. */
export interface RelayBuffers {
  readonly fromClient: ReadBuffers;
  readonly fromBackend: ReadBuffers;
}

/**
 * The sizes that measured best: octets per CPU second in bulk, memory while idle. `oneRecordPerRead` as the
 * library says that does TLS, and `tls` with whom that is.
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
  });
  // TCP gives all it has: a read that leaves much room has emptied the queue.
  const octets = new ReadBuffers({
    small: 2 << 10,
    large: 128 << 10,
    keepAbove: 64 << 10,
    record: 0,
  });
  return tls === "client"
    ? { fromClient: records, fromBackend: octets }
    : { fromClient: octets, fromBackend: records };
}

/** One side of a relay. */
export type RelayEnd = Duplex & Abortable;

/**
 * Relays until both directions have ended. Resolves with undefined after an orderly end, else with the first
 * fault. The caller closes both sides afterwards; no read or write waits on them any more then. The record is
 * told how much there was.
 */
export function relay(
  client: RelayEnd,
  backend: RelayEnd,
  services: RelayServices,
  record?: Pick<AccessRecord, "relayed">,
): Promise<PeerError | undefined> {
  return new Relay(client, backend, services).run(record);
}

/** One direction of one relay. */
interface Direction {
  readonly from: RelayEnd;
  readonly to: RelayEnd;
  readonly inlet: Inlet;
  /** Whether a write is under way. */
  writing: boolean;
  /** Octets read. */
  octets: number;
  /** Whether the orderly end was read. */
  ended: boolean;
}

class Relay implements Watched {
  readonly #client: RelayEnd;
  readonly #backend: RelayEnd;
  readonly #services: RelayServices;
  readonly #up: Direction;
  readonly #down: Direction;
  #fault: PeerError | undefined;
  #backendTakesNoMore = false;
  /** The reset that a write to the backend was told of. */
  #backendReset: PeerError | undefined;
  #downOver = false;
  #upOver = false;
  /** Under way; nothing is closed before they are done, lest the end look orderly. */
  readonly #aborts: Promise<void>[] = [];

  constructor(client: RelayEnd, backend: RelayEnd, services: RelayServices) {
    this.#client = client;
    this.#backend = backend;
    this.#services = services;
    const { fromClient, fromBackend } = services.buffers;
    this.#up = newDirection(client, backend, fromClient.inlet(client));
    this.#down = newDirection(backend, client, fromBackend.inlet(backend));
  }

  async run(record: Pick<AccessRecord, "relayed"> | undefined): Promise<PeerError | undefined> {
    const { stallWatch, counters } = this.#services;
    stallWatch.add(this);
    await Promise.all([this.#runUp(), this.#runDown()]);
    await Promise.all(this.#aborts);
    stallWatch.delete(this);
    counters.octetsToBackend += this.#up.octets;
    counters.octetsToClient += this.#down.octets;
    record?.relayed(this.#up.octets, this.#down.octets);
    this.#up.inlet.release();
    this.#down.inlet.release();
    return this.#fault;
  }

  get ended(): boolean {
    return this.#up.ended || this.#down.ended || this.#upOver || this.#downOver;
  }

  get writing(): boolean {
    return this.#up.writing || this.#down.writing;
  }

  get octets(): number {
    return this.#up.octets + this.#down.octets;
  }

  unsent(): number {
    return this.#client.unsent() + this.#backend.unsent();
  }

  stalled(): void {
    const party: Party = this.#up.writing || (this.#upOver && !this.#down.writing)
      ? "backend"
      : "client";
    this.#abortBoth(new PeerError(party, "timeout", "took or sent nothing for too long"), "now");
  }

  abort(): void {
    this.#abortBoth(new PeerError("client", "reset", "its time to finish is over"), "now");
  }

  async #runUp(): Promise<void> {
    const { clock } = this.#services.runtime;
    const fault = await pump(this.#up, clock);
    if (fault !== undefined && !this.#up.writing) {
      this.#abortBoth(this.#translate(fault, "client"), "when-sent");
    } else if (fault !== undefined) {
      // The backend takes no more, but its answer may still be on the way: keep the client talking, since a
      // client that is reset while it sends may never read the answer.
      this.#backendTakesNoMore = true;
      const broken = this.#translate(fault, "backend");
      if (broken.kind === "reset") this.#backendReset = broken;
      this.#up.writing = false;
      this.#endDiscarding();
      await discard(this.#up, clock);
    }
    this.#upOver = true;
  }

  async #runDown(): Promise<void> {
    const { clock } = this.#services.runtime;
    const fault = await pump(this.#down, clock, () => this.#checkReset());
    this.#downOver = true;
    if (fault === undefined) {
      this.#endDiscarding();
    } else if (this.#down.writing) {
      this.#abortBoth(this.#translate(fault, "client"), "when-sent");
    } else {
      this.#fault ??= this.#translate(fault, "backend");
      await this.#clientQuiet();
      this.#abortBoth(this.#fault, "when-sent");
    }
    this.#down.writing = false;
  }

  /**
   * Throws the backend's reset at what looks like its orderly end: Linux tells of a reset only once, and if a
   * write was told, the next read finds the end.
   */
  async #checkReset(): Promise<void> {
    // A write that failed in this turn of the event loop may not have said so yet.
    if (this.#up.writing) await this.#services.runtime.clock.turn();
    if (this.#backendReset !== undefined) throw this.#backendReset;
  }

  /** Once the backend has ended both its directions, the client may go on sending for a moment only. */
  #endDiscarding(): void {
    if (!this.#backendTakesNoMore || !this.#downOver) return;
    this.#services.runtime.clock.after(DISCARD_LIMIT, () => {
      if (!this.#upOver) this.#abort(this.#client, "when-sent");
    });
  }

  /** Waits until the client has sent nothing for a moment, so that it has time to read what it was sent. */
  async #clientQuiet(): Promise<void> {
    const { clock } = this.#services.runtime;
    for (let waited = 0; waited < DISCARD_LIMIT && !this.#upOver; waited += QUIET_PERIOD) {
      const before = this.#up.octets;
      await pause(clock, QUIET_PERIOD);
      if (this.#up.octets === before) return;
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

function newDirection(from: RelayEnd, to: RelayEnd, inlet: Inlet): Direction {
  return { from, to, inlet, writing: false, octets: 0, ended: false };
}

/**
 * Moves octets until the orderly end, which it passes on unless `checkEnd` throws, or a fault, which it
 * returns.
 */
async function pump(
  direction: Direction,
  clock: Clock,
  checkEnd?: () => Promise<void>,
): Promise<unknown | undefined> {
  const { from, to, inlet } = direction;
  let share = FAIR_SHARE;
  try {
    for (;;) {
      const reading = await inlet.read(from);
      if (reading === null) break;
      let rest = inlet.take(from, reading);
      if (rest instanceof Promise) rest = await rest;
      direction.octets += rest.length;
      direction.writing = true;
      for (;;) {
        let written = to.write(rest);
        if (typeof written !== "number") written = await written;
        if (written === rest.length) break;
        rest = rest.subarray(written);
      }
      direction.writing = false;
      inlet.adapt();
      // Reads and writes that need not wait never leave the microtask queue; timers and other connections do.
      if (direction.octets >= share) {
        share = direction.octets + FAIR_SHARE;
        await clock.turn();
      }
    }
    direction.ended = true;
    await checkEnd?.();
    direction.writing = true;
    await to.closeWrite();
    direction.writing = false;
    return undefined;
  } catch (error) {
    return error ?? new Error("unknown fault");
  }
}

/**
 * Reads and forgets until the end, of whatever kind. It rests after each read: one that finds data does not
 * pass through the event loop, so that a fast client would keep every timer of the worker from running.
 */
async function discard(direction: Direction, clock: Clock): Promise<void> {
  try {
    for (;;) {
      const reading = await direction.inlet.read(direction.from);
      if (reading === null) return;
      direction.octets += (await direction.inlet.take(direction.from, reading)).length;
      await pause(clock, DISCARD_PAUSE);
    }
  } catch {
    // The client has gone: nothing is left to discard.
  }
}

/** The most plaintext of one TLS record (RFC 8446 section 5.1). */
const TLS_RECORD = 16 << 10;
/** Milliseconds a client may go on sending to a backend that has gone. */
const DISCARD_LIMIT = 2_000;
/** Milliseconds without an octet that count as quiet. */
const QUIET_PERIOD = 100;
/** Octets that a direction may move before everything else gets a turn. */
const FAIR_SHARE = 1 << 20;
/** Milliseconds between reads of what is thrown away. */
const DISCARD_PAUSE = 1;
