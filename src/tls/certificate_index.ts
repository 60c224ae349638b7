/**
 * Chooses certificates by the name that a client asked for (SNI, RFC 6066 section 3). It holds no
 * certificates, only their places in the list it was made from.
 */

import type { ServedCertificate } from "./tls_configuration.ts";

/**
 * Certificates by name. An exact name beats a wildcard, and a wildcard covers one label (RFC 6125 section
 * 6.4.3). Of several certificates for one name and type of key the first listed is chosen; those of other
 * types are served beside it.
 */
export class CertificateIndex {
  /** The places of the certificates for clients that name none. */
  readonly defaultSet: readonly number[];
  readonly #exact = new Map<string, readonly number[]>();
  /** By what follows the asterisk, from the dot on. */
  readonly #wildcards = new Map<string, readonly number[]>();

  /** The default certificate is given by its place in the list. */
  constructor(
    certificates: readonly Pick<ServedCertificate, "names" | "keyType">[],
    defaultCertificate: number,
  ) {
    const sets = new SharedSets();
    certificates.forEach(({ names, keyType }, place) => {
      for (const name of names) {
        const [map, key] = name.startsWith("*.")
          ? [this.#wildcards, name.slice(1)]
          : [this.#exact, name];
        const chosen = map.get(key) ?? [];
        const isNew = chosen.every((other) => certificates[other]!.keyType !== keyType);
        if (isNew) map.set(key, sets.with(chosen, place));
      }
    });
    this.defaultSet = defaultSet(certificates, defaultCertificate)
      .reduce<readonly number[]>((set, place) => sets.with(set, place), []);
  }

  /**
   * The places of the certificates to be served together, at most one for each type of key, in the order
   * listed. Without a name: the default set. Undefined: no certificate is for this name. The name is in lower
   * case, without a dot at the end. The same set is always the same array.
   */
  choose(serverName: string | undefined): readonly number[] | undefined {
    if (serverName === undefined) return this.defaultSet;
    const exact = this.#exact.get(serverName);
    if (exact !== undefined) return exact;
    const dot = serverName.indexOf(".");
    return dot > 0 ? this.#wildcards.get(serverName.slice(dot)) : undefined;
  }

  /** Every set that some name, or none, leads to, once. */
  sets(): (readonly number[])[] {
    return [...new Set([this.defaultSet, ...this.#exact.values(), ...this.#wildcards.values()])];
  }

  /** The places of all certificates that some name, or none, leads to. */
  reachable(): Set<number> {
    return new Set(this.sets().flat());
  }
}

/** Makes every set once, however many names lead to it. */
class SharedSets {
  readonly #longer = new Map<readonly number[] | undefined, Map<number, readonly number[]>>();

  /** A set with a place added to it. */
  with(set: readonly number[], place: number): readonly number[] {
    const start = set.length === 0 ? undefined : set;
    let longer = this.#longer.get(start);
    if (longer === undefined) this.#longer.set(start, longer = new Map());
    let result = longer.get(place);
    if (result === undefined) longer.set(place, result = [...set, place]);
    return result;
  }
}

/** The default certificate, and those of other types of key that are for the same names; none of none. */
function defaultSet(
  certificates: readonly Pick<ServedCertificate, "names" | "keyType">[],
  place: number,
): number[] {
  const chosen = certificates[place];
  // Where every frontend has certificates of its own, there may be no general ones.
  if (chosen === undefined) return [];
  const { names, keyType } = chosen;
  const wanted = new Set(names);
  const types = new Set([keyType]);
  const others = certificates.flatMap((other, index) => {
    const same = new Set(other.names).size === wanted.size &&
      other.names.every((name) => wanted.has(name));
    if (!same || types.has(other.keyType)) return [];
    types.add(other.keyType);
    return [index];
  });
  return [...others, place].sort((a, b) => a - b);
}
