/**
 * The slots for connections that a worker, or one of its frontends, has. It counts how many are taken, how many
 * of them by handshakes in progress, and how many by each client. It says when there is room and which handshake
 * must make way. It accepts nothing, refuses nothing and knows no sockets. Connections whose handshake is done
 * never have to make way.
 */

import type { Clock } from "../runtime/runtime.ts";
import type { Agreement } from "../runtime/runtime.ts";
import { clientNetwork } from "../wire/ip_address.ts";
import type { Deadline } from "./deadline_queue.ts";

/** A limit on slots. */
export interface SlotRule {
  /** Its name for operators: `--max-handshakes 256`. */
  readonly name: string;
  readonly counts: "connections" | "handshakes";
  /** At least 1. */
  readonly max: number;
  /**
   * Milliseconds that a handshake always gets, even while others wait; then the oldest one makes way for a new
   * client.
   */
  readonly grace: number;
  /** The kinds of arrival that the limit applies to. */
  readonly holdsFor: readonly Arrival[];
}

/**
 * How clients arrive at a listener. `asked`: each is accepted on request. `unasked`: they can be left waiting only
 * for a moment. `last`: the socket is about to close, and clients are lost if they are not accepted.
 */
export type Arrival = "asked" | "unasked" | "last";

/** How many slots one client may take. */
export interface ClientRule {
  /** Its name for operators. */
  readonly name: string;
  /** At least 1. */
  readonly max: number;
}

/** Why there is no room. */
export interface Shortage {
  readonly rule: SlotRule;
  /** Milliseconds until a handshake can make way; Infinity if none will. */
  readonly wait: number;
}

/** Handshakes in progress. */
export interface HalfOpen {
  readonly size: number;
  readonly oldest: Deadline | undefined;
}

/** The counts of a worker or a frontend. */
export class Slots {
  readonly #clock: Clock;
  readonly #halfOpen: HalfOpen;
  #rules: readonly SlotRule[] = [];
  #clientRule: ClientRule | undefined;
  #clients: ClientCounts = new Map();
  #taken = 0;

  constructor(clock: Clock, halfOpen: HalfOpen) {
    this.#clock = clock;
    this.#halfOpen = halfOpen;
  }

  /** Changes the limits, effective at once. Without a rule for clients, clients are not counted. */
  use(rules: readonly SlotRule[], clientRule: ClientRule | undefined): void {
    this.#rules = rules;
    this.#clientRule = clientRule;
    // A client that leaves is removed from the counts it was added to.
    if (clientRule === undefined) this.#clients = new Map();
  }

  /** Takes a slot. */
  enter(): void {
    this.#taken++;
  }

  /** Releases a slot. */
  leave(): void {
    this.#taken--;
  }

  /** Why another client cannot be accepted now. Undefined: there is room, or a handshake that can make way. */
  shortage(arrival: Arrival): Shortage | undefined {
    let worst: Shortage | undefined;
    for (const rule of this.#rules) {
      if (this.#count(rule) < rule.max || !rule.holdsFor.includes(arrival)) continue;
      const wait = this.#patience(rule);
      if (wait > 0 && wait > (worst?.wait ?? 0)) worst = { rule, wait };
    }
    return worst;
  }

  /** Makes room for an accepted client: ends handshakes beyond the limits whose grace period has passed. */
  makeWay(arrival: Arrival): void {
    for (const rule of this.#rules) {
      if (!rule.holdsFor.includes(arrival)) continue;
      while (this.#count(rule) > rule.max && this.#patience(rule) <= 0) this.#endOldest(rule.name);
    }
  }

  /** Ends the oldest handshake if its grace period has passed: a resource that is not counted here has run out. */
  makeOneWay(name: string, grace: number): boolean {
    const { oldest } = this.#halfOpen;
    if (oldest === undefined || oldest.began + grace > this.#clock.now()) return false;
    this.#endOldest(name);
    return true;
  }

  /** Whether slots are counted per client. */
  get countsClients(): boolean {
    return this.#clientRule !== undefined;
  }

  /** The rule that forbids this client another slot; undefined if none does. */
  ruleAgainst(client: string): ClientRule | undefined {
    const rule = this.#clientRule;
    return rule !== undefined && (this.#clients.get(client) ?? 0) >= rule.max ? rule : undefined;
  }

  /** The counts to which this client was added; undefined if clients are not counted, or if it is counted already. */
  countClient(client: string, known: readonly ClientCounts[]): ClientCounts | undefined {
    if (this.#clientRule === undefined || known.includes(this.#clients)) return undefined;
    this.#clients.set(client, (this.#clients.get(client) ?? 0) + 1);
    return this.#clients;
  }

  #count({ counts }: SlotRule): number {
    return counts === "handshakes" ? this.#halfOpen.size : this.#taken;
  }

  #endOldest(name: string): void {
    this.#halfOpen.oldest!.expire(`gave way to a new client: ${name} reached`);
  }

  /** Milliseconds until the grace period of the oldest handshake has passed. */
  #patience({ grace }: SlotRule): number {
    const { oldest } = this.#halfOpen;
    return oldest === undefined ? Infinity : oldest.began + grace - this.#clock.now();
  }
}

/** Number of connections by client. */
export type ClientCounts = Map<string, number>;

/** A relay, for those who ask which connections are open. */
export interface OpenRelay {
  /** When something was last relayed, by the clock, to within some seconds; undefined before. */
  readonly movedAt: number | undefined;
  readonly bytesToBackend: number;
  readonly bytesToClient: number;
  readonly agreement: Agreement | undefined;
  /** Resets both sides because the operator wants that. */
  disconnect(): void;
}

/**
 * An accepted connection: the slots that it takes, in its worker and in its frontend, and what `/connections` tells of
 * it.
 */
export class AdmittedConnection {
  /** When the connection was accepted: whole milliseconds by the clock, which take no memory of their own. */
  began = 0;
  /** The backend that it is connected to; undefined before. */
  backend: { readonly address: string } | undefined;
  /** Undefined before and after. */
  relay: OpenRelay | undefined;
  /** Why it ends, if its fault does not say so. */
  fate: "deadline" | "disconnected" | undefined;
  readonly #all: readonly Slots[];
  readonly #begin: (expire: () => void) => Deadline;
  readonly #handshakes: Set<Deadline> | undefined;
  #client: string | undefined;
  #countedIn: ClientCounts[] = NOWHERE;
  #left = false;

  /** `begin` starts the deadline of a handshake, which is then also kept in `handshakes`. */
  constructor(
    all: readonly Slots[],
    begin: (expire: () => void) => Deadline,
    handshakes: Set<Deadline> | undefined,
  ) {
    this.#all = all;
    this.#begin = begin;
    this.#handshakes = handshakes;
    for (const slots of all) slots.enter();
  }

  /** Starts the handshake. If it must end before it is done, `expire` is called once, and its slots are already free. */
  beginHandshake(expire: () => void): Deadline {
    const deadline = this.#begin(() => {
      this.leave();
      this.#handshakes?.delete(deadline);
      expire();
    });
    this.began = Math.floor(deadline.began);
    this.#handshakes?.add(deadline);
    return deadline;
  }

  /** Ends the handshake in time. Has no effect after expiry. */
  endHandshake(deadline: Deadline): void {
    this.#handshakes?.delete(deadline);
    deadline.lift();
  }

  /**
   * Counts the connection for the client at this address. If the client already has its max, returns the rule
   * instead.
   */
  takeFor(host: string): ClientRule | undefined {
    const client = clientNetwork(host);
    for (const slots of this.#all) {
      const rule = slots.ruleAgainst(client);
      if (rule !== undefined) return rule;
    }
    this.countFor(host);
    return undefined;
  }

  /** Counts an existing connection for this client, even beyond the limit, unless it is counted already. */
  countFor(host: string): void {
    if (this.#left) return;
    this.#client ??= clientNetwork(host);
    for (const slots of this.#all) {
      const counts = slots.countClient(this.#client, this.#countedIn);
      if (counts !== undefined) this.#countedIn = [...this.#countedIn, counts];
    }
  }

  /** Releases its slots. Has no effect the second time. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    for (const slots of this.#all) slots.leave();
    for (const counts of this.#countedIn) {
      const count = counts.get(this.#client!)! - 1;
      if (count > 0) counts.set(this.#client!, count);
      else counts.delete(this.#client!);
    }
  }
}

const NOWHERE: ClientCounts[] = [];
