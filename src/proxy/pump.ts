/**
 * Moves the bytes of one direction of a relay: takes what is available, writes it, and waits only where it must.
 * It uses callbacks, because nearly all its work completes synchronously: with promises a keep-alive request costs
 * 10 % more.
 */

import type { Clock, Duplex } from "../runtime/runtime.ts";
import type { Inlet } from "./inlet.ts";

/** One direction of one relay. */
export interface Direction {
  readonly to: Duplex;
  readonly inlet: Inlet;
  /** Called whenever bytes have arrived, with how many. */
  readonly onBytes: (length: number) => void;
  /** Whether a write is in progress. */
  writing: boolean;
  /** Bytes read. */
  bytes: number;
  /** Whether the orderly end was read. */
  ended: boolean;
}

/**
 * Moves bytes until the orderly end or a fault. It passes the end on, unless `checkEnd` throws. It returns the
 * fault.
 */
export function pump(
  direction: Direction,
  clock: Clock,
  checkEnd?: () => Promise<void>,
): Promise<unknown | undefined> {
  return new Promise((resolve) => new Pump(direction, clock, checkEnd, resolve).go());
}

class Pump {
  readonly #direction: Direction;
  readonly #clock: Clock;
  readonly #checkEnd: (() => Promise<void>) | undefined;
  readonly #over: (fault: unknown | undefined) => void;
  /** How many bytes may have moved when other connections get their turn. */
  #share = FAIR_SHARE;

  constructor(
    direction: Direction,
    clock: Clock,
    checkEnd: (() => Promise<void>) | undefined,
    over: (fault: unknown | undefined) => void,
  ) {
    this.#direction = direction;
    this.#clock = clock;
    this.#checkEnd = checkEnd;
    this.#over = over;
  }

  /** Moves the available bytes, and runs again when there are more. */
  readonly go = (): void => {
    try {
      while (this.#moveOne());
    } catch (fault) {
      this.#fail(fault);
    }
  };

  /** Returns false if it waits or has ended. */
  #moveOne(): boolean {
    const bytes = this.#direction.inlet.next(this.go);
    if (bytes === undefined) return false;
    if (bytes instanceof Promise) {
      bytes.then(this.#come, this.#fail);
      return false;
    }
    return this.#take(bytes);
  }

  readonly #come = (bytes: Uint8Array | null): void => this.#goOn(() => this.#take(bytes));

  readonly #fail = (fault: unknown): void => this.#over(fault ?? new Error("unknown fault"));

  #goOn(step: () => boolean): void {
    try {
      if (!step()) return;
    } catch (fault) {
      return this.#fail(fault);
    }
    this.go();
  }

  #take(bytes: Uint8Array | null): boolean {
    if (bytes === null) {
      this.#end().then(this.#over, this.#fail);
      return false;
    }
    const direction = this.#direction;
    direction.bytes += bytes.length;
    direction.onBytes(bytes.length);
    direction.writing = true;
    return this.#write(bytes);
  }

  #write(bytes: Uint8Array): boolean {
    for (let rest = bytes;;) {
      const written = this.#direction.to.write(rest);
      if (typeof written !== "number") {
        const waiting = rest;
        written.then((count) => this.#goOn(() => this.#wrote(waiting, count)), this.#fail);
        return false;
      }
      if (written === rest.length) return this.#done();
      rest = rest.subarray(written);
    }
  }

  #wrote(bytes: Uint8Array, count: number): boolean {
    return count === bytes.length ? this.#done() : this.#write(bytes.subarray(count));
  }

  #done(): boolean {
    const direction = this.#direction;
    direction.writing = false;
    direction.inlet.adapt();
    // Reads and writes that do not wait never leave this loop, but timers and other connections need the event
    // loop.
    if (direction.bytes < this.#share) return true;
    this.#share = direction.bytes + FAIR_SHARE;
    this.#clock.turn().then(this.go);
    return false;
  }

  async #end(): Promise<undefined> {
    const direction = this.#direction;
    direction.ended = true;
    await this.#checkEnd?.();
    direction.writing = true;
    const closing = direction.to.closeWrite();
    if (closing !== undefined) await closing;
    direction.writing = false;
  }
}

/**
 * Reads and discards until the end, orderly or not. It pauses after each read: a read that finds data does not
 * pass through the event loop, so a fast client would block every timer of the worker.
 */
export async function discard(
  direction: Direction,
  pause: () => Promise<void>,
): Promise<void> {
  try {
    for (;;) {
      const bytes = await nextOf(direction.inlet);
      if (bytes === null) return;
      direction.bytes += bytes.length;
      await pause();
    }
  } catch {
    // The client has gone: nothing is left to discard.
  }
}

function nextOf(inlet: Inlet): Promise<Uint8Array | null> {
  return new Promise((resolve, reject) => {
    const attempt = () => {
      try {
        const bytes = inlet.next(attempt);
        if (bytes !== undefined) resolve(bytes);
      } catch (fault) {
        reject(fault);
      }
    };
    attempt();
  });
}

/** Bytes that a direction may move before everything else gets a turn: less than one large read. */
const FAIR_SHARE = 64 << 10;
