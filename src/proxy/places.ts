/**
 * The places that a worker, or one of its frontends, has for connections: how many are taken, how many of them by
 * handshakes under way, and how many by each client. It says when there is room and who has to make way; it accepts
 * nothing, refuses nothing and knows no sockets. Connections whose handshake is done are never asked to make way.
 */

import type { Clock } from "../runtime/runtime.ts";
import { clientNetwork } from "../wire/ip_address.ts";
import type { Deadline } from "./deadline_queue.ts";

/** A limit of places. */
export interface PlaceRule {
  /** As an operator knows it: `--max-handshakes 256`. */
  readonly name: string;
  readonly counts: "connections" | "handshakes";
  /** At least 1. */
  readonly max: number;
  /** Milliseconds that a handshake has even if others wait; the oldest one gives way to a new client then. */
  readonly grace: number;
  /** The listeners it holds for: for each of them, or only for those that are named. */
  readonly holdsFor: readonly Arrival[];
}

/**
 * How clients come to a listener: when they are `asked` for; `unasked`, so that they can be left waiting only for a
 * moment; or as the `last` ones of a socket that is about to close, which are lost if they are not accepted.
 */
export type Arrival = "asked" | "unasked" | "last";

/** How many places a client may take. */
export interface ClientRule {
  /** As an operator knows it. */
  readonly name: string;
  /** At least 1. */
  readonly max: number;
}

/** Why there is no room. */
export interface Shortage {
  readonly rule: PlaceRule;
  /** Milliseconds until somebody can make way; Infinity: nobody will. */
  readonly wait: number;
}

/** Handshakes under way. */
export interface HalfOpen {
  readonly size: number;
  readonly oldest: Deadline | undefined;
}

/** What is counted for a worker or a frontend. */
export class Places {
  readonly #clock: Clock;
  readonly #halfOpen: HalfOpen;
  #rules: readonly PlaceRule[] = [];
  #clientRule: ClientRule | undefined;
  #clients: ClientCounts = new Map();
  #taken = 0;

  constructor(clock: Clock, halfOpen: HalfOpen) {
    this.#clock = clock;
    this.#halfOpen = halfOpen;
  }

  /** Sets other limits, which hold at once. Without a rule for clients they are not counted. */
  use(rules: readonly PlaceRule[], clientRule: ClientRule | undefined): void {
    this.#rules = rules;
    this.#clientRule = clientRule;
    // A client that leaves takes itself off the counts that it was put on.
    if (clientRule === undefined) this.#clients = new Map();
  }

  /** Takes a place. */
  enter(): void {
    this.#taken++;
  }

  /** Gives it up. */
  leave(): void {
    this.#taken--;
  }

  /** Why another client cannot be accepted now; undefined: there is room, or a handshake that can give way. */
  shortage(arrival: Arrival): Shortage | undefined {
    let worst: Shortage | undefined;
    for (const rule of this.#rules) {
      if (this.#count(rule) < rule.max || !rule.holdsFor.includes(arrival)) continue;
      const wait = this.#patience(rule);
      if (wait > 0 && wait > (worst?.wait ?? 0)) worst = { rule, wait };
    }
    return worst;
  }

  /** Ends handshakes beyond the limits, as far as they have had their grace: for a client that has been accepted. */
  makeWay(arrival: Arrival): void {
    for (const rule of this.#rules) {
      if (!rule.holdsFor.includes(arrival)) continue;
      while (this.#count(rule) > rule.max && this.#patience(rule) <= 0) this.#endOldest(rule.name);
    }
  }

  /** Ends the oldest handshake if it has had this grace: something has run out that nobody counts. */
  makeOneWay(name: string, grace: number): boolean {
    const { oldest } = this.#halfOpen;
    if (oldest === undefined || oldest.began + grace > this.#clock.now()) return false;
    this.#endOldest(name);
    return true;
  }

  /** Whether places are counted for each client. */
  get countsClients(): boolean {
    return this.#clientRule !== undefined;
  }

  /** The rule by which this client has as many places as it may have. */
  ruleAgainst(client: string): ClientRule | undefined {
    const rule = this.#clientRule;
    return rule !== undefined && (this.#clients.get(client) ?? 0) >= rule.max ? rule : undefined;
  }

  /** Where this client is counted by now; undefined if clients are not counted, or if it is counted already. */
  countClient(client: string, known: readonly ClientCounts[]): ClientCounts | undefined {
    if (this.#clientRule === undefined || known.includes(this.#clients)) return undefined;
    this.#clients.set(client, (this.#clients.get(client) ?? 0) + 1);
    return this.#clients;
  }

  #count({ counts }: PlaceRule): number {
    return counts === "handshakes" ? this.#halfOpen.size : this.#taken;
  }

  #endOldest(name: string): void {
    this.#halfOpen.oldest!.expire(`gave way to a new client: ${name} reached`);
  }

  /** Milliseconds until the oldest handshake has had its grace. */
  #patience({ grace }: PlaceRule): number {
    const { oldest } = this.#halfOpen;
    return oldest === undefined ? Infinity : oldest.began + grace - this.#clock.now();
  }
}

/** Connections by client. */
export type ClientCounts = Map<string, number>;

/** The place of one connection, in the worker and at its frontend. */
export class Place {
  readonly #all: readonly Places[];
  readonly #begin: (expire: () => void) => Deadline;
  readonly #handshakes: Set<Deadline> | undefined;
  #client: string | undefined;
  #countedIn: ClientCounts[] = NOWHERE;
  #left = false;

  /** `begin` begins the deadline of a handshake, which is then also kept in `handshakes`. */
  constructor(
    all: readonly Places[],
    begin: (expire: () => void) => Deadline,
    handshakes: Set<Deadline> | undefined,
  ) {
    this.#all = all;
    this.#begin = begin;
    this.#handshakes = handshakes;
    for (const places of all) places.enter();
  }

  /** Begins the handshake; `expire` is called once if it has to end before it is done. The place is free then. */
  beginHandshake(expire: () => void): Deadline {
    const deadline = this.#begin(() => {
      this.leave();
      this.#handshakes?.delete(deadline);
      expire();
    });
    this.#handshakes?.add(deadline);
    return deadline;
  }

  /** Ends the handshake in time. Harmless after the expiry. */
  endHandshake(deadline: Deadline): void {
    this.#handshakes?.delete(deadline);
    deadline.lift();
  }

  /** Counts the connection for the client at this address, unless that has too many: then tells by which rule. */
  takeFor(host: string): ClientRule | undefined {
    const client = clientNetwork(host);
    for (const places of this.#all) {
      const rule = places.ruleAgainst(client);
      if (rule !== undefined) return rule;
    }
    this.countFor(host);
    return undefined;
  }

  /** Counts the connection for this client in any case, where it is not yet counted: it is there already. */
  countFor(host: string): void {
    if (this.#left) return;
    this.#client ??= clientNetwork(host);
    for (const places of this.#all) {
      const counts = places.countClient(this.#client, this.#countedIn);
      if (counts !== undefined) this.#countedIn = [...this.#countedIn, counts];
    }
  }

  /** Gives the place up. Harmless a second time. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    for (const places of this.#all) places.leave();
    for (const counts of this.#countedIn) {
      const count = counts.get(this.#client!)! - 1;
      if (count > 0) counts.set(this.#client!, count);
      else counts.delete(this.#client!);
    }
  }
}

const NOWHERE: ClientCounts[] = [];
