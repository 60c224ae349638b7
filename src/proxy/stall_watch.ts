/**
 * Ends relays that one side holds up: a connection whose other side has ended and that moves nothing any
 * more, or a peer that takes none of the data waiting for it. A connection that is merely idle is left
 * alone.
 *
 * One look over all relays every few seconds costs less than a timer for each. A slow peer is not a stalled
 * one: before a relay is judged, the kernel is asked whether the peer has acknowledged anything since.
 */

import type { Runtime } from "../runtime/runtime.ts";

/** What the watch needs to know of a relay. */
export interface Watched {
  /** One side has ended its sending direction. */
  readonly ended: boolean;
  /** A write has been handed over and not yet taken. */
  readonly writing: boolean;
  /** Octets moved so far, both directions together. */
  readonly octets: number;
  /** Bytes that its peers, both together, have not acknowledged. */
  unsent(): number;
  /** Called once, when the relay has made no progress for its limit. */
  stalled(): void;
  /** Called when its time is over although it makes progress. */
  abort(): void;
}

/** Milliseconds; 0 means never. */
export interface StallLimits {
  /** For a relay one side of which has ended. */
  readonly linger: number;
  /** For a write that nobody takes. */
  readonly stall: number;
}

/** The last sign of progress seen in a relay that may be stalled. */
interface Mark {
  octets: number;
  unsent: number;
  since: number;
}

/** Looks after every relay of a worker. */
export class StallWatch {
  readonly #runtime: Runtime;
  #limits: StallLimits;
  #period: number;
  readonly #watched = new Set<Watched>();
  readonly #marks = new Map<Watched, Mark>();
  #disarm: (() => void) | undefined;

  constructor(runtime: Runtime, limits: StallLimits) {
    this.#runtime = runtime;
    this.#limits = limits;
    this.#period = periodFor(limits);
  }

  /** Begins to watch a relay. */
  add(relay: Watched): void {
    this.#watched.add(relay);
    this.#arm();
  }

  /** Judges by other limits from now on. */
  use(limits: StallLimits): void {
    this.#limits = limits;
    this.#period = periodFor(limits);
  }

  /** Stops watching a relay. */
  delete(relay: Watched): void {
    this.#watched.delete(relay);
    this.#marks.delete(relay);
    if (this.#watched.size > 0) return;
    // A timer that nobody needs would keep a program alive.
    this.#disarm?.();
    this.#disarm = undefined;
  }

  /** Ends every relay that is left. */
  abortAll(): void {
    for (const relay of this.#watched) relay.abort();
  }

  #arm(): void {
    this.#disarm ??= this.#runtime.clock.after(this.#period, () => this.#look());
  }

  #look(): void {
    this.#disarm = undefined;
    const suspects = [...this.#watched].filter((relay) => this.#limitOf(relay) > 0);
    for (const relay of this.#marks.keys()) {
      if (this.#limitOf(relay) === 0) this.#marks.delete(relay);
    }
    for (const relay of suspects) {
      const unsent = relay.unsent();
      this.#judge(relay, unsent > UNKNOWN ? unsent : 0);
    }
    if (this.#watched.size > 0) this.#arm();
  }

  #judge(relay: Watched, unsent: number): void {
    const now = this.#runtime.clock.now();
    const mark = this.#marks.get(relay);
    if (mark === undefined || mark.octets !== relay.octets || mark.unsent !== unsent) {
      this.#marks.set(relay, { octets: relay.octets, unsent, since: now });
      return;
    }
    if (now - mark.since < this.#limitOf(relay)) return;
    this.delete(relay);
    relay.stalled();
  }

  /** 0 when the relay is not at risk. */
  #limitOf(relay: Watched): number {
    if (relay.ended) return this.#limits.linger;
    return relay.writing ? this.#limits.stall : 0;
  }
}

/** Milliseconds between two looks. */
function periodFor({ linger, stall }: StallLimits): number {
  const shortest = Math.min(...[linger, stall].filter((limit) => limit > 0));
  return Math.min(Math.max(shortest / 4, SHORTEST_PERIOD), LONGEST_PERIOD);
}

/** A platform that does not know how many bytes wait says 1 for either side; to know again is no progress. */
const UNKNOWN = 2;
const SHORTEST_PERIOD = 100;
const LONGEST_PERIOD = 15_000;
