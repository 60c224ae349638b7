/**
 * Node's TLS contexts of a worker: one for each set of certificates that is served together and each period of
 * ticket keys, made when a client first asks for it and kept as long as it is among the most recently used.
 */

import type { StreamContext, StreamTls } from "../../runtime/stream_tls.ts";
import { OpenSslError } from "../../runtime/openssl.ts";
import type { Clock } from "../../runtime/runtime.ts";
import { fromBase64 } from "../../wire/base64.ts";
import type { ClientHello } from "../../wire/client_hello.ts";
import { CertificateChoice } from "../certificate_choice.ts";
import { attemptEach, attemptNew } from "../certificates_refused.ts";
import { contextOptions, rulesFor } from "../openssl/context_options.ts";
import { startupError } from "../openssl/startup_error.ts";
import { TicketKeyring, type TicketKeys } from "../ticket_keys.ts";
import { StapledCertificates } from "../staples.ts";
import type { ClientRules, Staple, TlsConfiguration } from "../tls_configuration.ts";

/** What a client is served with. */
export interface NodeChoice {
  readonly context: StreamContext;
  /** Who may connect. */
  readonly allowed: ClientRules["allowed"];
}

/** Makes and keeps contexts. */
export class NodeContexts {
  readonly #library: StreamTls;
  readonly #configuration: TlsConfiguration;
  readonly #certificates: StapledCertificates;
  readonly #choice: CertificateChoice;
  readonly #keyring: TicketKeyring;
  readonly #clock: Clock;
  #checked = false;
  /** By the certificates in it and the period of its keys, the least recently used first. */
  readonly #contexts = new Map<string, NodeChoice>();
  /** What was asked for last. */
  #last: { places: readonly number[]; keys: TicketKeys; choice: NodeChoice } | undefined;

  constructor(library: StreamTls, configuration: TlsConfiguration, clock: Clock) {
    const { certificates, ticketSecret } = configuration;
    this.#library = library;
    this.#configuration = configuration;
    this.#certificates = new StapledCertificates(certificates);
    this.#choice = new CertificateChoice(configuration);
    this.#keyring = new TicketKeyring(fromBase64(ticketSecret), clock);
    this.#clock = clock;
  }

  /**
   * What to serve a client with, or undefined if it asked for a name that is to be refused. A client that comes
   * with a ticket of another period is served under that period's keys. Throws {@linkcode StartupError} if
   * the library refuses a certificate that nobody has asked for before.
   */
  choose(hello: ClientHello): NodeChoice | undefined {
    const places = this.#choice.choose(hello);
    if (places === undefined) return undefined;
    const { ticketNames } = hello;
    const current = this.#keyring.current();
    const former = ticketNames.map((name) => this.#keyring.neighbour(name))
      .find((keys) => keys !== undefined);
    return this.#context(places, former ?? current);
  }

  /** Staples other OCSP responses to the handshakes from now on: under contexts that are made anew. */
  staple(staples: readonly Staple[]): void {
    const changed = this.#certificates.take(staples);
    for (const key of [...this.#contexts.keys()]) {
      if (placesIn(key).some((place) => changed.has(place))) this.#contexts.delete(key);
    }
    this.#last = undefined;
  }

  /** Makes what most clients will ask for. Throws {@linkcode StartupError}. */
  prepare(): void {
    const { certificates } = this.#configuration;
    const sets = certificates.length > FEW ? [] : certificates.map((_, place) => [place]);
    // Of certificates that are served together the one that is refused must be known.
    const singly = this.#choice.defaultSet.map((place) => [place]);
    attemptEach([...sets, ...singly], (places) => this.#make(places));
    this.#make(this.#choice.defaultSet);
    this.#context(this.#choice.defaultSet, this.#keyring.current());
  }

  /** As those of OpenSSL's engine do. */
  async checkNew(former: NodeContexts): Promise<void> {
    if (this.#configuration.certificates.length <= FEW || this.#checked) return;
    this.#checked = true;
    await attemptNew(
      ...[this.#configuration, former.#configuration, this.#clock] as const,
      (place) => void this.#make([place]),
    );
  }

  /** Has the library look at everything. Throws {@linkcode StartupError}. */
  makeAll(): void {
    const places = this.#configuration.certificates.map((_, place) => place);
    attemptEach(places, (place) => this.#make([place]));
    this.prepare();
  }

  #context(places: readonly number[], keys: TicketKeys): NodeChoice {
    const last = this.#last;
    if (last?.places === places && last.keys === keys) return last.choice;
    const choice = this.#find(places, keys);
    this.#last = { places, keys, choice };
    return choice;
  }

  #find(places: readonly number[], keys: TicketKeys): NodeChoice {
    const key = `${places.join()} ${keys.period}`;
    const known = this.#contexts.get(key);
    if (known !== undefined && this.#contexts.size < MOST / 2) return known;
    const choice = known ?? this.#make(places, keys);
    this.#contexts.delete(key);
    this.#contexts.set(key, choice);
    const [oldest = key] = this.#contexts.keys();
    if (this.#contexts.size > MOST) this.#contexts.delete(oldest);
    return choice;
  }

  #make(places: readonly number[], keys = this.#keyring.current()): NodeChoice {
    const certificates = places.map((place) => this.#certificates.at(place));
    const { allowed } = rulesFor(this.#configuration, certificates);
    const options = {
      ...contextOptions(this.#library.version, this.#configuration, certificates),
      ticketKeys: keys,
      engine: this.#configuration.sslEngine,
    };
    try {
      return { context: this.#library.newContext(options), allowed };
    } catch (error) {
      if (!(error instanceof OpenSslError)) throw error;
      throw startupError(
        ...[error, this.#configuration, certificates] as const,
        (ciphers) => void this.#library.newContext({ ...options, ciphers }),
      );
    }
  }
}

function placesIn(key: string): number[] {
  return key.split(" ", 1)[0]!.split(",").map(Number);
}

/** Contexts that are kept; one takes some tens of KiB. */
const MOST = 2_000;
/** With that many certificates or fewer all are looked at before the first client comes. */
const FEW = 100;
