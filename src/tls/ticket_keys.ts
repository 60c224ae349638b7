/**
 * The keys of stateless session tickets (RFC 5077), derived from one secret and the date: every worker, and
 * every machine that has the same secret, comes to the same keys and changes them at the same moment, with
 * nothing to agree on. It keeps no timer and trusts no order of dates: a clock may be set back at any time.
 */

import type { Clock } from "../runtime/runtime.ts";
import { isSameBytes } from "../wire/bytes.ts";
import { hkdf } from "../wire/hkdf.ts";

/**
 * The keys of one period. `all` is what SSL_CTX_set_tlsext_ticket_keys takes: name, HMAC key and AES key, 80
 * octets, of which the others are views.
 */
export interface TicketKeys {
  /** How many {@linkcode TICKET_PERIOD}s lie between 1970 and its beginning. */
  readonly period: number;
  /** 16 octets that stand in clear at the front of every ticket sealed under these keys. */
  readonly name: Uint8Array;
  /** 32 octets. */
  readonly hmacKey: Uint8Array;
  /** 32 octets. */
  readonly aesKey: Uint8Array;
  /** 80 octets, ready to be passed to foreign functions. */
  readonly all: Uint8Array<ArrayBuffer>;
}

/** A secret for a server that shares its tickets with no other: 32 octets. */
export function randomTicketSecret(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(SECRET_OCTETS));
}

/** The keys of now, and of the periods beside it. */
export class TicketKeyring {
  readonly #secret: Uint8Array;
  readonly #clock: Pick<Clock, "date">;
  #current: TicketKeys | undefined;
  /** Of the periods before and after that of `#current`; undefined until somebody asks. */
  #neighbours: readonly TicketKeys[] | undefined;

  /** `secret` is the input of the derivation, so it has to be hard to guess: 32 random octets or more. */
  constructor(secret: Uint8Array, clock: Pick<Clock, "date">) {
    this.#secret = secret.slice();
    this.#clock = clock;
  }

  /** The keys to seal new tickets under now. The same object for as long as the period lasts. */
  current(): TicketKeys {
    const period = Math.floor(this.#clock.date().getTime() / TICKET_PERIOD);
    if (this.#current?.period !== period) {
      this.#current = deriveKeys(this.#secret, period);
      this.#neighbours = undefined;
    }
    return this.#current;
  }

  /**
   * The keys of the previous or the next period if they have this name, else undefined: for tickets that
   * are up to one period older than the current keys, and for those of machines whose clock is ahead.
   */
  neighbour(name: Uint8Array): TicketKeys | undefined {
    const { period } = this.current();
    this.#neighbours ??= [period - 1, period + 1].map((other) => deriveKeys(this.#secret, other));
    return this.#neighbours.find((keys) => isSameBytes(keys.name, name));
  }
}

/** HKDF's output is one stream, of which the name gives nothing away about the rest. */
function deriveKeys(secret: Uint8Array, period: number): TicketKeys {
  const all = hkdf(secret, `${LABEL} ${period}`, KEYS_OCTETS);
  return {
    period,
    name: all.subarray(0, NAME_OCTETS),
    hmacKey: all.subarray(NAME_OCTETS, NAME_OCTETS + 32),
    aesKey: all.subarray(NAME_OCTETS + 32),
    all,
  };
}

/**
 * How long keys seal new tickets, in milliseconds: 12 hours. Tickets sealed under them are good for one more
 * period, 24 hours at most.
 */
export const TICKET_PERIOD = 12 * 60 * 60 * 1_000;

/** With the number of the period, what the keys are derived for. Another version makes other keys. */
const LABEL = "stud session ticket keys, version 1, period";
const SECRET_OCTETS = 32;
const NAME_OCTETS = 16;
const KEYS_OCTETS = NAME_OCTETS + 32 + 32;
