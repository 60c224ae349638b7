/**
 * Chooses the certificates for a client by its ClientHello: those for the name it asks for, as far as it can verify
 * them. Both engines that see the hello choose by this.
 */

import type { ClientHello, HelloBody } from "../wire/client_hello.ts";
import { clientOffers } from "../wire/client_offers.ts";
import { CertificateIndex } from "./certificate_index.ts";
import type { TlsConfiguration } from "./tls_configuration.ts";
import { canVerify } from "./verifiable_keys.ts";

/** What it is made of. */
export type ChoiceRules = Pick<
  TlsConfiguration,
  "certificates" | "defaultCertificate" | "sniNomatchAbort" | "protocols" | "ciphers"
>;

/** Chooses among the certificates of a configuration, which it tells by their places in the list. */
export class CertificateChoice {
  readonly #rules: ChoiceRules;
  readonly #index: CertificateIndex;
  /** With certificates of one kind there is nothing to choose, and the hello is not looked at. */
  readonly #differ: boolean;

  constructor(rules: ChoiceRules) {
    const { certificates, defaultCertificate } = rules;
    this.#rules = rules;
    this.#index = new CertificateIndex(certificates, defaultCertificate);
    const [first] = certificates;
    this.#differ = certificates.some(({ keyType, curve }) =>
      keyType !== first!.keyType || curve !== first!.curve
    );
  }

  /** As `CertificateIndex` has it. */
  get defaultSet(): readonly number[] {
    return this.#index.defaultSet;
  }

  /** As `CertificateIndex` has it. */
  sets(): (readonly number[])[] {
    return this.#index.sets();
  }

  /**
   * The places of the certificates to be served together. Of those that the client can verify, the ones for the exact
   * name come first, then those for a wildcard, then the default ones; if it can verify none, it is served as if it
   * could verify all. Undefined: it asks for a name that no certificate is for, and is to be refused.
   */
  choose({ serverName, strangeName, body }: ClientHello): readonly number[] | undefined {
    const mustFit = this.#rules.sniNomatchAbort;
    const verifies = this.#differ ? this.#verifier(body) : undefined;
    const named = strangeName === undefined
      ? this.#choose(serverName, verifies, !mustFit)
      : undefined;
    return named ?? (mustFit ? undefined : this.#choose(undefined, verifies, true));
  }

  #choose(
    name: string | undefined,
    verifies: ((place: number) => boolean) | undefined,
    byDefault: boolean,
  ): readonly number[] | undefined {
    if (verifies === undefined) return this.#index.choose(name);
    return this.#index.chooseFor(name, verifies, byDefault);
  }

  #verifier(body: HelloBody): (place: number) => boolean {
    const offers = clientOffers(body);
    return (place) => canVerify(offers, this.#rules, this.#rules.certificates[place]!);
  }
}
