/**
 * Decides whether a client may come in. It owns the slots of a worker and of each of its frontends, and the
 * deadline of every handshake. The deadline starts when the socket is accepted and includes a PROXY header. While
 * there is no room, no client should be accepted: clients cost nothing in the kernel's queue, but inside they take
 * time and descriptors from those being served. This file accepts nothing itself and knows no sockets.
 */

import { PeerError } from "../errors.ts";
import type { Clock } from "../runtime/runtime.ts";
import { type Deadline, DeadlineQueue } from "./deadline_queue.ts";
import {
  AdmittedConnection,
  type Arrival,
  type ClientRule,
  type Shortage,
  type SlotRule,
  Slots,
} from "./slots.ts";

/** Limits for all connections of a worker, or for those of one frontend. */
export interface AdmissionRules {
  readonly slots: readonly SlotRule[];
  readonly client: ClientRule | undefined;
}

/** Limits for a worker. */
export interface WorkerAdmission extends AdmissionRules {
  /** Max milliseconds for a handshake. */
  readonly handshakeTimeout: number;
}

/** The slots of one frontend. All addresses of one listener name belong to the same frontend. */
export class FrontendSlots {
  readonly slots: Slots;
  /** Oldest first; empty while no rule needs it. */
  readonly #handshakes = new Set<Deadline>();
  #limited = false;

  /** Has no limits until {@linkcode FrontendSlots.use}. */
  constructor(clock: Clock) {
    const handshakes = this.#handshakes;
    this.slots = new Slots(clock, {
      get size() {
        return handshakes.size;
      },
      get oldest() {
        return handshakes.values().next().value;
      },
    });
  }

  /** Changes the limits, effective at once. */
  use({ slots, client }: AdmissionRules): void {
    this.#limited = slots.length > 0;
    this.slots.use(slots, client);
  }

  /** Where new handshakes are recorded; undefined if no rule needs them. */
  get handshakes(): Set<Deadline> | undefined {
    return this.#limited ? this.#handshakes : undefined;
  }
}

/** Counts the connections of a worker, ends handshakes that take too long, and lets frontends wait for room. */
export class Admission {
  readonly #clock: Clock;
  readonly #deadlines: DeadlineQueue;
  readonly #slots: Slots;
  readonly #onFull: (rule: SlotRule) => void;
  /** Created once, not for each connection. */
  readonly #beginHandshake = (expire: () => void): Deadline => this.#deadlines.begin(expire);
  #waiting: (() => void)[] = [];
  #wakesAt = Infinity;
  #disarm: (() => void) | undefined;

  /** `onFull` is called each time a frontend starts to wait for room. */
  constructor(
    clock: Clock,
    rules: WorkerAdmission,
    onFull: (rule: SlotRule) => void = () => {},
  ) {
    this.#clock = clock;
    this.#onFull = onFull;
    this.#deadlines = new DeadlineQueue(clock, rules.handshakeTimeout, () => this.#changed());
    this.#slots = new Slots(clock, this.#deadlines);
    this.#slots.use(rules.slots, rules.client);
  }

  /** Changes the limits. A new timeout applies to new handshakes, the other limits apply at once. */
  use({ handshakeTimeout, slots, client }: WorkerAdmission): void {
    this.#deadlines.use(handshakeTimeout);
    this.#slots.use(slots, client);
    this.wake();
  }

  /** Whether connections to this frontend are counted per client. */
  countsClients(frontend: FrontendSlots): boolean {
    return this.#slots.countsClients || frontend.slots.countsClients;
  }

  /** Why this frontend cannot accept another client now; undefined if it can. */
  shortage(frontend: FrontendSlots, arrival: Arrival): Shortage | undefined {
    const here = this.#slots.shortage(arrival);
    const there = frontend.slots.shortage(arrival);
    return (there?.wait ?? 0) > (here?.wait ?? 0) ? there : here;
  }

  /** Takes a slot for an accepted client. */
  enter(frontend: FrontendSlots): AdmittedConnection {
    const all = [this.#slots, frontend.slots];
    return new AdmittedConnection(all, this.#beginHandshake, frontend.handshakes);
  }

  /** Makes room for an accepted client: ends handshakes beyond the limits whose grace period has passed. */
  makeWay(frontend: FrontendSlots, arrival: Arrival): void {
    frontend.slots.makeWay(arrival);
    this.#slots.makeWay(arrival);
  }

  /** Ends the oldest handshake because descriptors have run out, unless it is still young. Returns whether it did. */
  makeDescriptor(): boolean {
    return this.#slots.makeOneWay(DESCRIPTORS, DESCRIPTOR_GRACE);
  }

  /** Releases a connection's slot. */
  leave(admitted: AdmittedConnection): void {
    admitted.leave();
    this.#changed();
  }

  /**
   * Resolves when it is worth looking for room again: a connection or handshake has ended, a grace period has passed,
   * the limits have changed, or {@linkcode wake} was called. It resolves for every waiting frontend, because it is
   * not known which of them have clients.
   */
  change({ rule, wait }: Shortage): Promise<void> {
    this.#onFull(rule);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#wakeWithin(wait);
    });
  }

  /** Resolves every pending {@linkcode change}. */
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

/** The fault of a client that is refused because it has its max number of connections. */
export function tooManyOf({ name }: ClientRule): PeerError {
  return new PeerError("client", "refused", `${name} reached`);
}

/** Whether an error is that fault. */
export function isTooMany(error: unknown): boolean {
  return error instanceof PeerError && error.party === "client" && error.kind === "refused";
}

/** What a limit is counted as. */
export function limitLabel({ name, counts }: Pick<SlotRule, "name" | "counts">): string {
  return name === DESCRIPTORS ? "descriptors" : `max-${counts}`;
}

/** The limit that refuses clients, as it is counted. */
export const CLIENT_LIMIT = "max-connections-per-client";
/** The limit's name for operators. */
export const DESCRIPTORS = "connection limit (RLIMIT_NOFILE)";
/**
 * Milliseconds that a handshake always gets, even while other clients wait. On the slowest links (satellite), two
 * round trips of 0.7 s each must fit; a silent client should not hold up others for longer.
 */
export const GRACE = 2_000;
/**
 * The same when connections or descriptors have run out: two round trips around the earth. There may be few slots
 * then, and a queue of stalled clients must pass through them before the first honest client is reached.
 */
export const DESCRIPTOR_GRACE = 250;
