/**
 * Who may come in: the places of a worker and of each of its frontends, and the deadline of every handshake, from
 * the accepted socket on, a PROXY header before it included. While there is no room no client should be accepted: in
 * the kernel's queue clients cost nothing, but inside they would take turns and descriptors from those that are being
 * served. It accepts nothing itself, and knows no sockets.
 */

import { PeerError } from "../errors.ts";
import type { Clock } from "../runtime/runtime.ts";
import { type Deadline, DeadlineQueue } from "./deadline_queue.ts";
import {
  type Arrival,
  type ClientRule,
  Place,
  type PlaceRule,
  Places,
  type Shortage,
} from "./places.ts";

/** What holds for all connections of a worker, or for those of one frontend. */
export interface AdmissionRules {
  readonly places: readonly PlaceRule[];
  readonly client: ClientRule | undefined;
}

/** What holds for a worker. */
export interface WorkerAdmission extends AdmissionRules {
  /** Milliseconds that a handshake may take. */
  readonly handshakeTimeout: number;
}

/** The places of one frontend. Those of a name that stands for several addresses are one frontend's. */
export class FrontendPlaces {
  readonly places: Places;
  /** In the order of their beginning; empty while no rule needs it. */
  readonly #handshakes = new Set<Deadline>();
  #limited = false;

  /** Without limits until {@linkcode FrontendPlaces.use}. */
  constructor(clock: Clock) {
    const handshakes = this.#handshakes;
    this.places = new Places(clock, {
      get size() {
        return handshakes.size;
      },
      get oldest() {
        return handshakes.values().next().value;
      },
    });
  }

  /** Sets other limits, which hold at once. */
  use({ places, client }: AdmissionRules): void {
    this.#limited = places.length > 0;
    this.places.use(places, client);
  }

  /** Where handshakes that begin are to be kept, if anywhere. */
  get handshakes(): Set<Deadline> | undefined {
    return this.#limited ? this.#handshakes : undefined;
  }
}

/** Counts the connections of a worker, ends handshakes that take too long, and lets frontends wait for room. */
export class Admission {
  readonly #clock: Clock;
  readonly #deadlines: DeadlineQueue;
  readonly #places: Places;
  readonly #onFull: (rule: PlaceRule) => void;
  /** Made once, not for each connection. */
  readonly #beginHandshake = (expire: () => void): Deadline => this.#deadlines.begin(expire);
  #waiting: (() => void)[] = [];
  #wakesAt = Infinity;
  #disarm: (() => void) | undefined;

  /** `onFull` is called whenever a frontend begins to wait for room. */
  constructor(
    clock: Clock,
    rules: WorkerAdmission,
    onFull: (rule: PlaceRule) => void = () => {},
  ) {
    this.#clock = clock;
    this.#onFull = onFull;
    this.#deadlines = new DeadlineQueue(clock, rules.handshakeTimeout, () => this.#changed());
    this.#places = new Places(clock, this.#deadlines);
    this.#places.use(rules.places, rules.client);
  }

  /** Sets other limits: the timeout for handshakes that begin from now on, the others at once. */
  use({ handshakeTimeout, places, client }: WorkerAdmission): void {
    this.#deadlines.use(handshakeTimeout);
    this.#places.use(places, client);
    this.wake();
  }

  /** Whether connections are counted for each client that comes to this frontend. */
  countsClients(frontend: FrontendPlaces): boolean {
    return this.#places.countsClients || frontend.places.countsClients;
  }

  /** Why another client of this frontend cannot be accepted now; undefined if it can. */
  shortage(frontend: FrontendPlaces, arrival: Arrival): Shortage | undefined {
    const here = this.#places.shortage(arrival);
    const there = frontend.places.shortage(arrival);
    return (there?.wait ?? 0) > (here?.wait ?? 0) ? there : here;
  }

  /** Takes a place for a client that has been accepted. */
  enter(frontend: FrontendPlaces): Place {
    const all = [this.#places, frontend.places];
    return new Place(all, this.#beginHandshake, frontend.handshakes);
  }

  /** Ends handshakes beyond the limits, as far as they have had their grace: for a client that has been accepted. */
  makeWay(frontend: FrontendPlaces, arrival: Arrival): void {
    frontend.places.makeWay(arrival);
    this.#places.makeWay(arrival);
  }

  /** Ends the oldest handshake since descriptors have run out, unless that is still young; tells whether it did. */
  makeDescriptor(): boolean {
    return this.#places.makeOneWay(DESCRIPTORS, DESCRIPTOR_GRACE);
  }

  /** Gives up a connection's place. */
  leave(place: Place): void {
    place.leave();
    this.#changed();
  }

  /**
   * Resolves when it is worth looking for room again: a connection or handshake has ended or has had its grace, the
   * limits have changed, or {@linkcode wake} was called. It resolves for everybody who waits, as nobody knows who has
   * clients.
   */
  change({ rule, wait }: Shortage): Promise<void> {
    this.#onFull(rule);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#wakeWithin(wait);
    });
  }

  /** Resolves every {@linkcode change} that waits. */
  wake(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    this.#wakesAt = Infinity;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #changed(): void {
    if (this.#waiting.length > 0) this.wake();
  }

  #wakeWithin(wait: number): void {
    const at = this.#clock.now() + wait;
    if (at >= this.#wakesAt) return;
    this.#disarm?.();
    this.#wakesAt = at;
    this.#disarm = this.#clock.after(Math.ceil(wait), () => this.wake());
  }
}

/** Why a client is refused that has as many connections as it may have. */
export function tooManyOf({ name }: ClientRule): PeerError {
  return new PeerError("client", "refused", `${name} reached`);
}

/** Whether that is why. */
export function isTooMany(error: unknown): boolean {
  return error instanceof PeerError && error.party === "client" && error.kind === "refused";
}

/** As operators know it. */
export const DESCRIPTORS = "connection limit (RLIMIT_NOFILE)";
/**
 * Milliseconds that a handshake has even if others wait. A client on the slowest of links, by satellite, needs two
 * round trips of 0.7 s; one that stays silent should hold up the others for no longer than that.
 */
export const GRACE = 2_000;
/**
 * The same where it is connections or descriptors that have run out: two round trips around the earth. There may be
 * few places then, and a queue of clients that stall must pass through them before the first honest one is reached.
 */
export const DESCRIPTOR_GRACE = 250;
