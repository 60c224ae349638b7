/**
 * Connects to the first of several addresses that answers, so that a dead one costs a moment and not the whole
 * deadline (RFC 8305 section 5). It owns their order. The caller owns deadlines and the wording of faults.
 */

import { Cancellation } from "../runtime/cancellation.ts";
import type { Endpoint, Runtime, Stream } from "../runtime/runtime.ts";

/** Why a connection to one address failed. */
export interface DialFault {
  readonly endpoint: Endpoint;
  /** The platform's error. */
  readonly error: unknown;
  /** The caller had canceled by then. */
  readonly givenUp: boolean;
}

/** No address could be connected to. */
export class DialError extends Error {
  override readonly name = "DialError";
  /** One for each address that was tried, in order. */
  readonly faults: readonly DialFault[];

  constructor(faults: readonly DialFault[]) {
    super("no address could be connected to");
    this.faults = faults;
  }
}

/** Connects to one address, like `Network.dial`. */
export type Dial = (endpoint: Endpoint, cancellation: Cancellation) => Promise<Stream>;

/** Connects to several addresses of the same backend. */
export class StaggeredDialer {
  readonly #runtime: Runtime;
  readonly #endpoints: readonly Endpoint[];
  readonly #dial: Dial;
  /** Until when each address is tried after the others. */
  readonly #resting = new Map<Endpoint, number>();

  constructor(
    runtime: Runtime,
    endpoints: readonly Endpoint[],
    dial: Dial = async (endpoint, cancellation) =>
      await runtime.network.dial(endpoint, cancellation),
  ) {
    this.#runtime = runtime;
    this.#endpoints = endpoints;
    this.#dial = dial;
  }

  /**
   * Tries the addresses in order: the next one when one has failed or has not answered within 250 ms. Addresses
   * that were slower than the winner are canceled and come last for the next 10 s. Rejects with
   * {@linkcode DialError}.
   */
  async dial(cancellation: Cancellation): Promise<Stream> {
    const race = new Race(this.#runtime, this.#dial, this.#inOrder(), cancellation);
    const { stream, passedOver } = await race.run();
    const until = this.#runtime.clock.now() + REST;
    for (const endpoint of passedOver) this.#resting.set(endpoint, until);
    return stream;
  }

  #inOrder(): readonly Endpoint[] {
    if (this.#resting.size === 0) return this.#endpoints;
    const now = this.#runtime.clock.now();
    for (const [endpoint, until] of this.#resting) {
      if (until <= now) this.#resting.delete(endpoint);
    }
    const rests = (endpoint: Endpoint) => this.#resting.has(endpoint);
    return [
      ...this.#endpoints.filter((endpoint) => !rests(endpoint)),
      ...this.#endpoints.filter(rests),
    ];
  }
}

interface Winner {
  readonly stream: Stream;
  /** Addresses tried earlier that had not answered. */
  readonly passedOver: readonly Endpoint[];
}

/** One connection, made by overlapping attempts. */
class Race {
  readonly #runtime: Runtime;
  readonly #dial: Dial;
  readonly #endpoints: readonly Endpoint[];
  readonly #cancellation: Cancellation;
  readonly #attempts: Cancellation[] = [];
  readonly #faults: DialFault[] = [];
  #cancelNext: (() => void) | undefined;
  #won = false;

  constructor(
    runtime: Runtime,
    dial: Dial,
    endpoints: readonly Endpoint[],
    cancellation: Cancellation,
  ) {
    this.#runtime = runtime;
    this.#dial = dial;
    this.#endpoints = endpoints;
    this.#cancellation = cancellation;
  }

  run(): Promise<Winner> {
    return new Promise((resolve, reject) => {
      this.#cancellation.onCancel = () => this.#giveUp();
      if (this.#endpoints.length === 0) reject(new DialError([]));
      this.#begin(resolve, reject);
    });
  }

  #begin(resolve: (winner: Winner) => void, reject: (error: DialError) => void): void {
    this.#cancelNext?.();
    this.#cancelNext = undefined;
    const index = this.#attempts.length;
    const endpoint = this.#endpoints[index];
    if (endpoint === undefined) return;
    const attempt = new Cancellation();
    this.#attempts.push(attempt);
    if (index + 1 < this.#endpoints.length) {
      const { clock } = this.#runtime;
      this.#cancelNext = clock.after(STAGGER, () => this.#begin(resolve, reject));
    }
    this.#dial(endpoint, attempt).then((stream) => {
      // Two attempts may succeed at the same moment.
      if (this.#won) return stream.close();
      this.#won = true;
      this.#giveUp();
      resolve({ stream, passedOver: this.#endpoints.slice(0, index) });
    }, (error) => {
      if (this.#won) return;
      const givenUp = this.#cancellation.cancelled;
      this.#faults.push({ endpoint, error, givenUp });
      if (!givenUp) this.#begin(resolve, reject);
      if (this.#faults.length === this.#attempts.length) reject(new DialError(this.#faults));
    });
  }

  /** Cancels every attempt; this has no effect on those that have ended. */
  #giveUp(): void {
    this.#cancelNext?.();
    for (const attempt of this.#attempts) attempt.cancel();
  }
}

/** Milliseconds; the "Connection Attempt Delay" of RFC 8305. */
const STAGGER = 250;
/** Milliseconds. */
const REST = 10_000;
