/**
 * The OpenSSL contexts of a worker: one for each set of certificates that is served together, made when a
 * client first asks for it and kept as long as it is among the most recently used. Ten thousand certificates
 * therefore cost what their text costs.
 *
 * It also keeps the ticket keys of each context those of the current period.
 */

import {
  type FormerTicketKeys,
  type OpenSsl,
  OpenSslError,
  type SslContext,
} from "../../runtime/openssl.ts";
import type { Clock } from "../../runtime/runtime.ts";
import { fromBase64 } from "../../wire/base64.ts";
import type { ClientHello } from "../../wire/client_hello.ts";
import { isKeyUri } from "../../wire/key_uri.ts";
import { CertificateChoice } from "../certificate_choice.ts";
import { attemptEach, attemptNew } from "../certificates_refused.ts";
import { TicketKeyring } from "../ticket_keys.ts";
import { StapledCertificates } from "../staples.ts";
import type { ClientRules, Staple, TlsConfiguration } from "../tls_configuration.ts";
import { contextOptions, rulesFor } from "./context_options.ts";
import { startupError } from "./startup_error.ts";

/** A context, and what is known of it. */
interface Entry {
  readonly context: SslContext;
  readonly allowed: ClientRules["allowed"];
  /** Of the keys it seals tickets with. */
  period: number;
}

/** What a client is served with. */
export interface Choice {
  readonly context: SslContext;
  /** Who may connect. */
  readonly allowed: ClientRules["allowed"];
  /** Keys that the client's ticket needs besides those of the context. */
  readonly former: FormerTicketKeys | undefined;
}

/** Makes and keeps contexts. */
export class Contexts {
  readonly #library: OpenSsl;
  readonly #configuration: TlsConfiguration;
  readonly #certificates: StapledCertificates;
  readonly #choice: CertificateChoice;
  readonly #keyring: TicketKeyring;
  readonly #clock: Clock;
  #checked = false;
  /** By the certificates in it, the least recently used first. */
  readonly #entries = new Map<string, Entry>();

  constructor(library: OpenSsl, configuration: TlsConfiguration, clock: Clock) {
    const { certificates, ticketSecret } = configuration;
    this.#library = library;
    this.#configuration = configuration;
    this.#certificates = new StapledCertificates(certificates);
    this.#choice = new CertificateChoice(configuration);
    this.#keyring = new TicketKeyring(fromBase64(ticketSecret), clock);
    this.#clock = clock;
  }

  /**
   * What to serve a client with, or undefined if it asked for a name that is to be refused. Throws
   * {@linkcode StartupError} if OpenSSL refuses a certificate that nobody has asked for before.
   */
  choose(hello: ClientHello): Choice | undefined {
    const places = this.#choice.choose(hello);
    if (places === undefined) return undefined;
    const { ticketNames } = hello;
    const entry = this.#entry(places);
    const current = this.#keyring.current();
    if (entry.period !== current.period) {
      entry.context.setTicketKeys(current);
      entry.period = current.period;
    }
    const { context, allowed } = entry;
    for (const name of ticketNames) {
      const former = this.#keyring.neighbour(name);
      if (former !== undefined) return { context, allowed, former: { former, current } };
    }
    return { context, allowed, former: undefined };
  }

  /** Staples other OCSP responses from now on, to handshakes that are under way too. */
  staple(staples: readonly Staple[]): void {
    const changed = this.#certificates.take(staples);
    for (const [key, { context }] of this.#entries) {
      for (const [inContext, place] of placesIn(key).entries()) {
        if (!changed.has(place)) continue;
        const { ocspResponse } = this.#certificates.at(place);
        context.staple(
          inContext,
          ocspResponse === undefined ? undefined : fromBase64(ocspResponse),
        );
      }
    }
  }

  /** Makes what most clients will ask for, and what cannot be made later. Throws {@linkcode StartupError}. */
  prepare(): void {
    const { certificates } = this.#configuration;
    const sets = certificates.length > FEW ? [] : certificates.map((_, place) => [place]);
    const fromEngine = this.#choice.sets().filter((places) => this.#hasEngineKey(places));
    // Of certificates that are served together the one that is refused must be known.
    const singly = this.#choice.defaultSet.map((place) => [place]);
    attemptEach([...sets, ...fromEngine, ...singly], (places) => this.#entry(places));
    this.#entry(this.#choice.defaultSet);
  }

  /**
   * Has OpenSSL look at certificates that are not among the former ones, where {@linkcode Contexts.prepare} leaves that
   * to the first client. Rejects with {@linkcode StartupError}.
   */
  async checkNew(former: Contexts): Promise<void> {
    if (this.#configuration.certificates.length <= FEW || this.#checked) return;
    this.#checked = true;
    await attemptNew(
      ...[this.#configuration, former.#configuration, this.#clock] as const,
      (place) => this.#make([place]).context.free(),
    );
  }

  /** Has OpenSSL look at everything. Throws {@linkcode StartupError}. */
  makeAll(): void {
    this.prepare();
    const places = this.#configuration.certificates.map((_, place) => place);
    attemptEach(places, (place) => this.#entry([place]));
  }

  /** Frees all of them; sessions keep what they need. Those asked for later are made anew. */
  free(): void {
    for (const { context } of this.#entries.values()) context.free();
    this.#entries.clear();
  }

  #entry(places: readonly number[]): Entry {
    const key = places.join();
    const known = this.#entries.get(key);
    if (known !== undefined && this.#entries.size < MOST / 2) return known;
    const entry = known ?? this.#make(places);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > MOST) this.#dropOldest(entry);
    return entry;
  }

  #dropOldest(newest: Entry): void {
    for (const [key, entry] of this.#entries) {
      if (entry === newest) return;
      const places = placesIn(key);
      // A key that an engine holds may be out of reach by now.
      if (this.#hasEngineKey(places)) continue;
      this.#entries.delete(key);
      return entry.context.free();
    }
  }

  #hasEngineKey(places: readonly number[]): boolean {
    const { certificates } = this.#configuration;
    return places.some((place) => {
      const { privateKey } = certificates[place]!;
      return typeof privateKey === "string" && isKeyUri(privateKey);
    });
  }

  #make(places: readonly number[]): Entry {
    const certificates = places.map((place) => this.#certificates.at(place));
    const { allowed } = rulesFor(this.#configuration, certificates);
    const options = contextOptions(this.#library.version, this.#configuration, certificates);
    try {
      const context = this.#library.newContext(options);
      return { context, allowed, period: NaN };
    } catch (error) {
      if (!(error instanceof OpenSslError)) throw error;
      throw startupError(
        ...[error, this.#configuration, certificates] as const,
        (ciphers) => this.#library.newContext({ ...options, ciphers }).free(),
      );
    }
  }
}

function placesIn(key: string): number[] {
  return key.split(",").map(Number);
}

/** Contexts that are kept; one takes some tens of KiB. */
const MOST = 2_000;
/** With that many certificates or fewer all are looked at before the first client comes. */
const FEW = 100;
