/**
 * Ends relays that one side holds up. Either one side has ended and no data moves, or a peer takes none
 * of the data waiting for it. A connection that is merely idle is left alone.
 *
 * Checking all relays every few seconds costs less than a timer for each. A slow peer is not stalled: before a
 * relay is ended, the kernel is asked whether the peer has acknowledged anything since the last check.
 */

import type { Runtime } from "../runtime/runtime.ts";

/** What the watch needs to know about a relay. */
export interface Watched {
  /** One side has ended its sending direction. */
  readonly ended: boolean;
  /** A write is pending. */
  readonly writing: boolean;
  /** Bytes moved so far, both directions together. */
  readonly bytes: number;
  /** Bytes not yet acknowledged by the peers, both together. */
  unsent(): number;
  /** Called once, when the relay has made no progress for its limit. */
  stalled(): void;
  /** Called when its time has passed although it makes progress. */
  abort(): void;
}

/** In milliseconds; 0 means never. */
export interface StallLimits {
  /** For a relay with one side ended. */
  readonly linger: number;
  /** For a write that the peer does not take. */
  readonly stall: number;
}

/** The last progress seen in a relay that may be stalled. */
interface Mark {
  bytes: number;
  unsent: number;
  since: number;
}

/** Watches all relays of a worker. */
export class StallWatch {
  readonly #runtime: Runtime;
  readonly #onLook: () => void;
  #limits: StallLimits;
  #period: number;
  readonly #watched = new Set<Watched>();
  readonly #marks = new Map<Watched, Mark>();
  #disarm: (() => void) | undefined;

  /** `onLook` is called every few seconds while there are relays. */
  constructor(runtime: Runtime, limits: StallLimits, onLook: () => void = () => {}) {
    this.#runtime = runtime;
    this.#onLook = onLook;
    this.#limits = limits;
    this.#period = periodFor(limits);
  }

  /** Starts to watch a relay. */
  add(relay: Watched): void {
    this.#watched.add(relay);
    this.#arm();
  }

  /** Uses these limits from now on. */
  use(limits: StallLimits): void {
    this.#limits = limits;
    this.#period = periodFor(limits);
  }

  /** Stops watching a relay. */
  delete(relay: Watched): void {
    this.#watched.delete(relay);
    this.#marks.delete(relay);
    if (this.#watched.size > 0) return;
    // A timer that is not needed would keep a program alive.
    this.#disarm?.();
    this.#disarm = undefined;
  }

  /** Ends all remaining relays. */
  abortAll(): void {
    for (const relay of this.#watched) relay.abort();
  }

  #arm(): void {
    this.#disarm ??= this.#runtime.clock.after(this.#period, () => this.#look());
  }

  #look(): void {
    this.#disarm = undefined;
    this.#onLook();
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
    if (mark === undefined || mark.bytes !== relay.bytes || mark.unsent !== unsent) {
      this.#marks.set(relay, { bytes: relay.bytes, unsent, since: now });
      return;
    }
    if (now - mark.since < this.#limitOf(relay)) return;
    this.delete(relay);
    relay.stalled();
  }

  /** 0 if the relay is not at risk. */
  #limitOf(relay: Watched): number {
    if (relay.ended) return this.#limits.linger;
    return relay.writing ? this.#limits.stall : 0;
  }
}

/** Milliseconds between two checks. */
function periodFor({ linger, stall }: StallLimits): number {
  const shortest = Math.min(...[linger, stall].filter((limit) => limit > 0));
  return Math.min(Math.max(shortest / 4, SHORTEST_PERIOD), LONGEST_PERIOD);
}

/**
 * A platform that does not know how many bytes are unsent returns 1 for each side; a real number after that is no
 * progress.
 */
const UNKNOWN = 2;
const SHORTEST_PERIOD = 100;
const LONGEST_PERIOD = 15_000;
