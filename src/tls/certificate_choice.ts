/**
 * Chooses the certificates for a client by its ClientHello: those for the name it asks for, as far as it can
 * verify them. Both engines that see the hello use this.
 */

import type { ClientHello, HelloBody } from "../wire/client_hello.ts";
import { clientOffers } from "../wire/client_offers.ts";
import { CertificateIndex } from "./certificate_index.ts";
import type { TlsConfiguration } from "./tls_configuration.ts";
import { canVerify } from "./verifiable_keys.ts";

/** The parts of a configuration that the choice depends on. */
export type ChoiceRules = Pick<
  TlsConfiguration,
  "certificates" | "defaultCertificate" | "engine"
>;

/** Chooses among the certificates of a configuration. It identifies them by their index in the list. */
export class CertificateChoice {
  readonly #rules: ChoiceRules;
  readonly #index: CertificateIndex;
  /** If all certificates have the same kind of key there is nothing to choose, and the hello is not checked for it. */
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

  /** See `CertificateIndex`. */
  get defaultSet(): readonly number[] {
    return this.#index.defaultSet;
  }

  /** See `CertificateIndex`. */
  sets(): (readonly number[])[] {
    return this.#index.sets();
  }

  /**
   * The indexes of the certificates to serve together. Of those that the client can verify, certificates for the
   * exact name come first, then wildcards, then the default ones. If it can verify none, all are treated as
   * verifiable. Undefined: no certificate is for the requested name, and the client must be refused.
   */
  choose({ serverName, strangeName, body }: ClientHello): readonly number[] | undefined {
    const mustFit = this.#rules.engine.sniNomatchAbort;
    const verifies = this.#differ ? this.#verifier(body) : undefined;
    const named = strangeName === undefined
      ? this.#choose(serverName, verifies, !mustFit)
      : undefined;
    return named ?? (mustFit ? undefined : this.#choose(undefined, verifies, true));
  }

  #choose(
    name: string | undefined,
    verifies: ((index: number) => boolean) | undefined,
    byDefault: boolean,
  ): readonly number[] | undefined {
    if (verifies === undefined) return this.#index.choose(name);
    return this.#index.chooseFor(name, verifies, byDefault);
  }

  #verifier(body: HelloBody): (index: number) => boolean {
    const offers = clientOffers(body);
    return (index) => canVerify(offers, this.#rules.engine, this.#rules.certificates[index]!);
  }
}
