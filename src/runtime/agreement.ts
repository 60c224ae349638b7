/**
 * What TLS handshakes agree on, in few words, for counting them. There are few combinations, so each is one object
 * that all its connections share: who counts compares objects, and nothing is created for a connection.
 */

/** What a handshake agreed on, in OpenSSL's names. `unknown`: the library does not tell. */
export interface Agreement {
  /** `TLSv1.3`, `TLSv1.2`, `TLSv1.1` or `TLSv1`. */
  readonly version: string;
  readonly cipher: string;
  /** The key exchange group; `none` without one (RSA key exchange, resumption). */
  readonly group: string;
  readonly resumed: "yes" | "no" | "unknown";
}

/** The agreements of one driver, by a key that says the same in a shorter form. */
export class Agreements<Key extends number | string> {
  readonly #known = new Map<Key, Agreement>();

  /** The object for this key, made when it is first seen. */
  of(key: Key, make: () => Agreement): Agreement {
    let agreement = this.#known.get(key);
    if (agreement === undefined) {
      agreement = make();
      this.#known.set(key, agreement);
    }
    return agreement;
  }
}
