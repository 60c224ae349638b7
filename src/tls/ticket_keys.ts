/**
 * The keys of stateless session tickets (RFC 5077), derived from one secret and the date. All workers and machines
 * with the same secret derive the same keys and change them at the same moment, without communication. It keeps no
 * timer and does not expect dates to increase: a clock may be set back at any time.
 */

import type { Clock } from "../runtime/runtime.ts";
import { isSameBytes } from "../wire/bytes.ts";
import { hkdf } from "../wire/hkdf.ts";

/**
 * The keys of one period. `all` is what SSL_CTX_set_tlsext_ticket_keys takes: name, HMAC key and AES key, 80
 * bytes. The other fields are views of it.
 */
export interface TicketKeys {
  /** Number of {@linkcode TICKET_PERIOD}s between 1970 and its start. */
  readonly period: number;
  /** 16 bytes, in clear at the front of every ticket sealed with these keys. */
  readonly name: Uint8Array;
  /** 32 bytes. */
  readonly hmacKey: Uint8Array;
  /** 32 bytes. */
  readonly aesKey: Uint8Array;
  /** 80 bytes, ready to be passed to foreign functions. */
  readonly all: Uint8Array<ArrayBuffer>;
}

/** A 32-byte secret for a server that shares its tickets with no other. */
export function randomTicketSecret(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
}

/** The keys of the current period and of the periods next to it. */
export class TicketKeyring {
  readonly #secret: Uint8Array;
  readonly #clock: Pick<Clock, "date">;
  #current: TicketKeys | undefined;
  /** The keys of the periods before and after `#current`; undefined until needed. */
  #neighbours: readonly TicketKeys[] | undefined;

  /** The keys are derived from `secret`, so it must be hard to guess: 32 random bytes or more. */
  constructor(secret: Uint8Array, clock: Pick<Clock, "date">) {
    this.#secret = secret.slice();
    this.#clock = clock;
  }

  /** The keys that seal new tickets now. The same object for the whole period. */
  current(): TicketKeys {
    const period = Math.floor(this.#clock.date().getTime() / TICKET_PERIOD);
    if (this.#current?.period !== period) {
      this.#current = deriveKeys(this.#secret, period);
      this.#neighbours = undefined;
    }
    return this.#current;
  }

  /**
   * The keys of the previous or the next period, if they have this name; otherwise undefined. They are for tickets
   * up to one period older than the current keys, and for tickets of machines whose clock is ahead.
   */
  neighbour(name: Uint8Array): TicketKeys | undefined {
    const { period } = this.current();
    this.#neighbours ??= [period - 1, period + 1].map((other) => deriveKeys(this.#secret, other));
    return this.#neighbours.find((keys) => isSameBytes(keys.name, name));
  }
}

/** HKDF's output is one stream, and the name in it reveals nothing about the rest. */
function deriveKeys(secret: Uint8Array, period: number): TicketKeys {
  const all = hkdf(secret, `${LABEL} ${period}`, KEYS_BYTES);
  return {
    period,
    name: all.subarray(0, NAME_BYTES),
    hmacKey: all.subarray(NAME_BYTES, NAME_BYTES + 32),
    aesKey: all.subarray(NAME_BYTES + 32),
    all,
  };
}

/**
 * How long keys seal new tickets, in milliseconds: 12 hours. The tickets stay valid for one more period, so 24
 * hours at most.
 */
export const TICKET_PERIOD = 12 * 60 * 60 * 1_000;

/** Together with the period's number, the HKDF context of the keys. Another version gives other keys. */
const LABEL = "stud session ticket keys, version 1, period";
const SECRET_BYTES = 32;
const NAME_BYTES = 16;
const KEYS_BYTES = NAME_BYTES + 32 + 32;
