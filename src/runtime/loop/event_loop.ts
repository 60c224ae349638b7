/**
 * An event loop over epoll(7) that runs inside the runtime's own loop. It waits for sockets whose descriptors are ours
 * and keeps the timers of its clock. The runtime's epoll instance is nested in this one; when that has an event, the
 * runtime gets a turn for its own work (pipes, signals, files).
 *
 * Everything that an event causes is done before the next event: promises that it settles run at once. Events of
 * patient watchers (handshakes, new clients) come after the others, because each costs as much processor time as ten
 * requests.
 */

import { EINTR, EPOLL_CTL_ADD } from "../linux/abi.ts";
import type { Clock } from "../runtime.ts";
import { errno, type Libc, openLibc } from "./libc.ts";
import { epollDescriptors } from "../linux/epoll_descriptors.ts";
import { Timers } from "./timers.ts";

/** A Deno global; importing it from node:timers would add 10 ms to a worker's start. */
declare function setImmediate(callback: () => void): unknown;

/** Waits for events on a descriptor. */
export interface Watcher {
  /** Whether other watchers go first. */
  readonly patient: boolean;
  /** Called with the events of epoll_wait(2). It must catch every error that this causes. */
  ready(events: number): void;
}

/** How a loop fits into its process. */
export interface EventLoopOptions {
  /**
   * Max milliseconds between two turns of the runtime, for a process that also uses the runtime's timers: they do not
   * wake this loop. Undefined: no turn is needed while nothing happens.
   */
  readonly longestSleep?: number;
}

/** An event loop. It runs from its first use, for as long as something is watched or a timer is set. */
export class EventLoop implements Clock {
  readonly #libc: Libc;
  readonly #poll: number;
  readonly #longestSleep: number;
  readonly #runMicrotasks: (() => void) | undefined;
  readonly #watchers: (Watcher | undefined)[] = [];
  /** The token of each descriptor's watcher: by the time of an event, the descriptor may belong to another watcher. */
  readonly #tokens: number[] = [];
  #lastToken = 0;
  #watched = 0;
  readonly #timers = new Timers();
  #turns: (() => void)[] = [];
  /** Events of patient watchers, by token, the oldest first. */
  readonly #patient = new Map<number, { readonly watcher: Watcher; events: number }>();
  readonly #change = new Uint8Array(EVENT_BYTES);
  readonly #changeView = new DataView(this.#change.buffer);
  readonly #events = new Uint8Array(EVENT_BYTES * EVENTS_AT_ONCE);
  readonly #eventsView = new DataView(this.#events.buffer);
  /** When the runtime had its last turn. */
  #turnedAt = 0;
  /** Whether anything has happened since then. */
  #unseen = false;
  /** The number of turns that the runtime still needs before a sleep. */
  #turnsOwed = TURNS_OF_RUNTIME;
  /** Max milliseconds of the next sleep. */
  #nap = FIRST_NAP;
  #running = false;
  #now = 0;

  constructor({ longestSleep = Infinity }: EventLoopOptions = {}) {
    this.#libc = openLibc();
    this.#runMicrotasks = microtaskRunner();
    this.#longestSleep = longestSleep;
    this.#poll = this.#libc.epoll_create1(EPOLL_CLOEXEC);
    if (this.#poll < 0) throw new Error(`epoll_create1: os error ${errno()}`);
    // If the runtime gets regular turns anyway, its instance need not be nested; there may be several loops then.
    const polls = longestSleep === Infinity
      ? epollDescriptors().filter((descriptor) => descriptor !== this.#poll)
      : [];
    for (const descriptor of polls) this.#control(EPOLL_CTL_ADD, descriptor, EPOLLIN, 0);
  }

  /** Watches a descriptor for as long as it is open. Throws if the kernel has no room for another one. */
  watch(descriptor: number, watcher: Watcher, events: number): void {
    const token = this.#lastToken = (this.#lastToken + 1) & 0x7fff_ffff;
    if (this.#watchers[descriptor] === undefined) this.#watched++;
    this.#watchers[descriptor] = watcher;
    this.#tokens[descriptor] = token;
    this.#control(EPOLL_CTL_ADD, descriptor, events, token);
    this.#start();
  }

  /** Changes the events of a watched descriptor. */
  rewatch(descriptor: number, events: number): void {
    this.#control(EPOLL_CTL_MOD, descriptor, events, this.#tokens[descriptor]!);
  }

  /** Stops watching a descriptor that stays open. */
  unwatch(descriptor: number): void {
    if (this.#watchers[descriptor] === undefined) return;
    this.forget(descriptor);
    this.#control(EPOLL_CTL_DEL, descriptor, 0, 0);
  }

  /** Forgets a descriptor that is about to be closed; the close makes the kernel forget it too. */
  forget(descriptor: number): void {
    if (this.#watchers[descriptor] === undefined) return;
    this.#patient.delete(this.#tokens[descriptor]!);
    this.#watchers[descriptor] = undefined;
    this.#watched--;
  }

  /** The time when the current events arrived. Asking the runtime each time would cost ten calls per connection. */
  now(): number {
    return this.#running ? this.#now : performance.now();
  }

  date(): Date {
    return new Date();
  }

  after(milliseconds: number, callback: () => void): () => void {
    const cancel = this.#timers.add(this.now() + milliseconds, callback);
    this.#start();
    return cancel;
  }

  turn(): Promise<void> {
    this.#start();
    return new Promise((resolve) => this.#turns.push(resolve));
  }

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#now = performance.now();
    setImmediate(() => this.#run());
  }

  /** Runs until it is the runtime's turn. */
  #run(): void {
    this.#turnedAt = this.#now = performance.now();
    this.#unseen = false;
    if (this.#turnsOwed > 0) this.#turnsOwed--;
    for (;;) {
      if (this.#round()) this.#oweTurns(FIRST_NAP);
      if (!this.#hasWork()) {
        this.#running = false;
        return;
      }
      const overdue = this.#unseen && this.#now - this.#turnedAt >= LONGEST_WITHOUT_RUNTIME;
      if (overdue) this.#oweTurns(FIRST_NAP);
      else if (this.#now - this.#turnedAt >= this.#nap) this.#oweTurns(this.#nap * 8);
      const rested = this.#now - this.#turnedAt >= this.#longestSleep;
      if (this.#turnsOwed > 0 || rested || this.#runMicrotasks === undefined) break;
    }
    setImmediate(() => this.#run());
  }

  /**
   * One turn of the runtime may lead to more work, such as a file's next read. Its threads may finish that work before
   * it asks for it, and then nothing wakes us. So the runtime gets more turns, after longer and longer sleeps.
   */
  #oweTurns(nap: number): void {
    this.#turnsOwed = TURNS_OF_RUNTIME;
    this.#nap = Math.min(nap, LONGEST_NAP);
  }

  #hasWork(): boolean {
    return this.#watched > 0 || this.#turns.length > 0 || this.#timers.next() !== undefined;
  }

  /** Waits for events, unless there is other work, and handles all of them. Returns whether the runtime has events. */
  #round(): boolean {
    const sleep = this.#sleep();
    const count = this.#libc.epoll_wait(this.#poll, this.#events, EVENTS_AT_ONCE, sleep);
    this.#now = performance.now();
    let runtimeIsReady = false;
    for (let index = 0; index < count; index++) {
      const at = index * EVENT_BYTES;
      const descriptor = this.#eventsView.getInt32(at + DATA_OFFSET, true);
      const token = this.#eventsView.getInt32(at + DATA_OFFSET + 4, true);
      if (token === 0) {
        runtimeIsReady = true;
      } else if (this.#tokens[descriptor] === token) {
        this.#dispatch(descriptor, token, this.#eventsView.getUint32(at, true));
      }
    }
    if (count < 0 && errno() !== EINTR) throw new Error(`epoll_wait: os error ${errno()}`);
    this.#callDue();
    this.#servePatient();
    return runtimeIsReady;
  }

  #dispatch(descriptor: number, token: number, events: number): void {
    const watcher = this.#watchers[descriptor];
    if (watcher === undefined) return;
    if (!watcher.patient) return this.#serve(watcher, events);
    const waiting = this.#patient.get(token);
    if (waiting === undefined) this.#patient.set(token, { watcher, events });
    else waiting.events |= events;
  }

  /** Milliseconds for epoll_wait(2); -1 means no limit. */
  #sleep(): number {
    if (this.#turnsOwed > 0 || this.#turns.length > 0 || this.#patient.size > 0) return 0;
    const due = this.#timers.next();
    const longest = Math.min(this.#longestSleep, this.#nap);
    if (due === undefined && !this.#unseen && longest === Infinity) return -1;
    // The work of this round took time.
    const now = performance.now();
    const sleep = Math.min(
      due === undefined ? Infinity : due - now,
      // Before a long sleep the runtime must have had a turn, for example to report an unhandled rejection.
      this.#unseen ? this.#turnedAt + LONGEST_WITHOUT_RUNTIME - now : Infinity,
      longest,
    );
    return sleep === Infinity ? -1 : Math.max(0, Math.ceil(sleep));
  }

  #callDue(): void {
    const turns = this.#turns;
    if (turns.length > 0) {
      this.#turns = [];
      for (const turn of turns) this.#call(turn);
    }
    for (;;) {
      const due = this.#timers.takeDue(this.#now);
      if (due === undefined) return;
      this.#call(due);
    }
  }

  /** Serves some of the waiting events, or only one if that takes long; new events of other watchers then go first. */
  #servePatient(): void {
    if (this.#patient.size === 0) return;
    const until = this.#patient.size === 1 ? 0 : performance.now() + PATIENT_SHARE;
    for (const [token, { watcher, events }] of this.#patient) {
      this.#patient.delete(token);
      this.#serve(watcher, events);
      if (until === 0 || performance.now() >= until) return;
    }
  }

  /** Passes a watcher its events; when this returns, everything that they cause is done. */
  #serve(watcher: Watcher, events: number): void {
    try {
      watcher.ready(events);
    } catch (error) {
      reportError(error);
    }
    this.#settle();
  }

  #call(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      reportError(error);
    }
    this.#settle();
  }

  #settle(): void {
    this.#unseen = true;
    this.#runMicrotasks?.();
  }

  #control(operation: number, descriptor: number, events: number, token: number): void {
    this.#changeView.setUint32(0, events, true);
    this.#changeView.setInt32(DATA_OFFSET, descriptor, true);
    this.#changeView.setInt32(DATA_OFFSET + 4, token, true);
    if (this.#libc.epoll_ctl(this.#poll, operation, descriptor, this.#change) === 0) return;
    throw new Error(`epoll_ctl: os error ${errno()}`);
  }
}

/**
 * Runs the promise reactions that are due, without a turn of the runtime's event loop, which costs a hundred times as
 * much. Undefined where the runtime has no way to do this; then every round ends with such a turn.
 */
function microtaskRunner(): (() => void) | undefined {
  const { internal } = Deno as unknown as { internal: symbol };
  const { core } = (Deno as unknown as Record<symbol, { core?: { runMicrotasks?: () => void } }>)[
    internal
  ] ?? {};
  return typeof core?.runMicrotasks === "function" ? () => core.runMicrotasks!() : undefined;
}

/** Milliseconds after which the runtime gets a turn even if its epoll instance has no events. */
const LONGEST_WITHOUT_RUNTIME = 20;
/**
 * Turns from an event of the runtime's until its result is handled: in the first the runtime waits for events, in the
 * second it collects the results, in the third promises are settled.
 */
const TURNS_OF_RUNTIME = 3;
/** Milliseconds of sleep after which the runtime gets more turns, as long as it may have more work. */
const FIRST_NAP = 2;
const LONGEST_NAP = 8_192;
/** Milliseconds for patient watchers before the others are checked again; at least one patient watcher is served. */
const PATIENT_SHARE = 0.2;
const EVENTS_AT_ONCE = 256;

// epoll(7). The struct is packed on x86-64 only.
const EVENT_BYTES = Deno.build.arch === "x86_64" ? 12 : 16;
const DATA_OFFSET = Deno.build.arch === "x86_64" ? 4 : 8;
const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
export const EPOLLIN = 0x001;
export const EPOLLOUT = 0x004;
export const EPOLLERR = 0x008;
export const EPOLLHUP = 0x010;
export const EPOLLRDHUP = 0x2000;
export const EPOLLET = 0x8000_0000;
