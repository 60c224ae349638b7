/**
 * Chooses certificates by the name that a client asked for (SNI, RFC 6066 section 3). It holds no certificates,
 * only their indexes in the list it was made from.
 */

import { isSameData } from "../same_data.ts";
import type { ServedCertificate } from "./tls_configuration.ts";

/** The facts about a certificate that the index uses. */
export type IndexedCertificate = Pick<
  ServedCertificate,
  "names" | "keyType" | "curve" | "clientRules"
>;

/**
 * Certificates by name. An exact name beats a wildcard, and a wildcard covers one label (RFC 6125 section 6.4.3).
 * Of several certificates for one name and key type, the first listed is chosen. Those of other key types are
 * served together with it. Those of the same type on other curves are for clients that cannot verify the first.
 */
export class CertificateIndex {
  /** The indexes of the certificates for clients that send no name. */
  readonly defaultSet: readonly number[];
  readonly #exact = new Map<string, readonly number[]>();
  /** The key is what follows the asterisk, including the dot. */
  readonly #wildcards = new Map<string, readonly number[]>();
  /** By name: certificates that can replace one of the set, with the same key type on another curve. */
  readonly #substitutes = new Map<string, number[]>();
  readonly #certificates: readonly IndexedCertificate[];
  readonly #sets = new SharedSets();

  /** `defaultCertificate` is an index in the list. */
  constructor(certificates: readonly IndexedCertificate[], defaultCertificate: number) {
    this.#certificates = certificates;
    const sets = this.#sets;
    certificates.forEach(({ names, keyType, curve }, index) => {
      for (const name of names) {
        const [map, key] = name.startsWith("*.")
          ? [this.#wildcards, name.slice(1)]
          : [this.#exact, name];
        const chosen = map.get(key) ?? [];
        const alike = chosen.find((other) => certificates[other]!.keyType === keyType);
        if (alike === undefined) map.set(key, sets.with(chosen, index));
        else if (certificates[alike]!.curve !== curve) this.#addSubstitute(name, index);
      }
    });
    const byDefault = defaultSet(certificates, defaultCertificate);
    this.defaultSet = byDefault.set
      .reduce<readonly number[]>((set, index) => sets.with(set, index), []);
    if (byDefault.substitutes.length > 0) this.#substitutes.set(NO_NAME, byDefault.substitutes);
  }

  /**
   * The indexes of the certificates to serve together, at most one for each key type, in the order listed. Without
   * a name: the default set. Undefined: no certificate is for this name. The name must be lower case, without a
   * dot at the end. The same set is always the same array.
   */
  choose(serverName: string | undefined): readonly number[] | undefined {
    if (serverName === undefined) return this.defaultSet;
    const exact = this.#exact.get(serverName);
    if (exact !== undefined) return exact;
    const dot = serverName.indexOf(".");
    return dot > 0 ? this.#wildcards.get(serverName.slice(dot)) : undefined;
  }

  /**
   * The same for a client that cannot verify all kinds of keys. It tries the certificates for the exact name, then
   * those for the wildcard, then, with `byDefault`, the default ones. The first set with a certificate that the
   * client verifies is chosen; if there is none, the result is that of {@linkcode CertificateIndex.choose}.
   * Certificates with other client rules than the first ones are left out: a client must not avoid those rules by
   * what it claims it cannot verify.
   */
  chooseFor(
    serverName: string | undefined,
    verifies: (index: number) => boolean,
    byDefault: boolean,
  ): readonly number[] | undefined {
    const first = this.choose(serverName);
    if (first === undefined) return undefined;
    const fallback = () => this.#fitting(first, this.defaultSet, NO_NAME, verifies);
    if (serverName === undefined) return fallback() ?? first;
    const dot = serverName.indexOf(".");
    const wildcard = dot > 0 ? serverName.slice(dot) : "";
    return this.#fitting(first, this.#exact.get(serverName), serverName, verifies) ??
      this.#fitting(first, this.#wildcards.get(wildcard), `*${wildcard}`, verifies) ??
      (byDefault ? fallback() : undefined) ?? first;
  }

  /** Every set that can be chosen, with or without a name. Each is listed once. */
  sets(): (readonly number[])[] {
    const substituted = [...this.#substitutes].flatMap(([name, substitutes]) => {
      const set = name === NO_NAME
        ? this.defaultSet
        : name.startsWith("*.")
        ? this.#wildcards.get(name.slice(1))
        : this.#exact.get(name);
      return substitutes.map((index) => this.#substituted(set!, index));
    });
    const named = [...this.#exact.values(), ...this.#wildcards.values()];
    return [...new Set([this.defaultSet, ...named, ...substituted])];
  }

  /** The indexes of all certificates that can be chosen, with or without a name. */
  reachable(): Set<number> {
    const all = new Set<number>();
    for (const set of this.sets()) for (const place of set) all.add(place);
    return all;
  }

  #addSubstitute(name: string, index: number): void {
    const others = this.#substitutes.get(name);
    if (others === undefined) this.#substitutes.set(name, [index]);
    else others.push(index);
  }

  /**
   * The set of a name, or the closest to it, of which the client can verify a certificate; undefined if there is
   * none.
   */
  #fitting(
    first: readonly number[],
    set: readonly number[] | undefined,
    name: string,
    verifies: (index: number) => boolean,
  ): readonly number[] | undefined {
    if (set === undefined) return undefined;
    let fitting = set;
    for (const index of this.#substitutes.get(name) ?? []) {
      const replaced = fitting.find((one) => this.#areAlike(one, index))!;
      if (!verifies(replaced) && verifies(index)) fitting = this.#substituted(fitting, index);
    }
    if (!fitting.some(verifies)) return undefined;
    return fitting === first || this.#haveSameRules([...first, ...fitting]) ? fitting : undefined;
  }

  /** A set in which this certificate replaces the one with the same key type. */
  #substituted(set: readonly number[], index: number): readonly number[] {
    return set.map((one) => this.#areAlike(one, index) ? index : one).sort((a, b) => a - b)
      .reduce<readonly number[]>((sets, one) => this.#sets.with(sets, one), []);
  }

  #areAlike(one: number, other: number): boolean {
    return this.#certificates[one]!.keyType === this.#certificates[other]!.keyType;
  }

  #haveSameRules(indexes: readonly number[]): boolean {
    const { clientRules } = this.#certificates[indexes[0]!]!;
    return indexes.every((index) =>
      isSameData(this.#certificates[index]!.clientRules, clientRules)
    );
  }
}

/** Creates every set once, however many names use it. */
class SharedSets {
  /** Those of one index, at that index: with ten thousand certificates, nearly all. */
  readonly #single: (readonly number[])[] = [];
  readonly #longer = new Map<readonly number[], Map<number, readonly number[]>>();

  /** A set with this index added. */
  with(set: readonly number[], index: number): readonly number[] {
    if (set.length === 0) return this.#single[index] ??= [index];
    let longer = this.#longer.get(set);
    if (longer === undefined) this.#longer.set(set, longer = new Map());
    let result = longer.get(index);
    if (result === undefined) longer.set(index, result = [...set, index]);
    return result;
  }
}

/** The default certificate, and those of other key types for the same names. Empty without a default certificate. */
function defaultSet(
  certificates: readonly IndexedCertificate[],
  defaultIndex: number,
): { set: number[]; substitutes: number[] } {
  const chosen = certificates[defaultIndex];
  // If every frontend has its own certificates, there may be no general ones.
  if (chosen === undefined) return { set: [], substitutes: [] };
  const wanted = new Set(chosen.names);
  const ofTypes = new Map([[chosen.keyType, chosen]]);
  const set = [defaultIndex];
  const substitutes: number[] = [];
  certificates.forEach((other, index) => {
    const same = new Set(other.names).size === wanted.size &&
      other.names.every((name) => wanted.has(name));
    if (!same) return;
    const alike = ofTypes.get(other.keyType);
    if (alike !== undefined) {
      if (alike.curve !== other.curve) substitutes.push(index);
      return;
    }
    ofTypes.set(other.keyType, other);
    set.push(index);
  });
  return { set: set.sort((a, b) => a - b), substitutes };
}

/** The key for the substitutes of the default set. */
const NO_NAME = "";
