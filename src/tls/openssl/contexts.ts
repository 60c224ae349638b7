/**
 * The OpenSSL contexts of a worker: one for each set of certificates that is served together. It is created when a
 * client first needs it, and kept while it is among the most recently used. So ten thousand certificates cost only
 * the memory of their text.
 *
 * It also gives each context the ticket keys of the current period. If a context's keys cannot change, there is
 * one context per period, and a client with a ticket of another period is served by that period's context.
 */

import type { SessionTerms, StreamTls } from "../../runtime/stream_tls.ts";
import type { Clock } from "../../runtime/runtime.ts";
import { fromBase64 } from "../../wire/base64.ts";
import type { ClientHello } from "../../wire/client_hello.ts";
import { isKeyUri } from "../../wire/key_uri.ts";
import { CertificateChoice } from "../certificate_choice.ts";
import { attemptEach, attemptNew } from "../certificates_refused.ts";
import { TicketKeyring, type TicketKeys } from "../ticket_keys.ts";
import { StapledCertificates } from "../staples.ts";
import type { ClientRules, Staple, TlsConfiguration } from "../tls_configuration.ts";
import { contextOptions, rulesFor } from "./context_options.ts";
import { newContext } from "./new_context.ts";

/** What a client is served with. */
export interface Choice extends SessionTerms {
  /** The clients that may connect. */
  readonly allowed: ClientRules["allowed"];
  /** The indexes of its certificates. */
  readonly indexes: readonly number[];
}

/** A context and the facts about it: the choice for nearly every client. */
interface Entry extends Choice {
  readonly key: string;
  readonly former: undefined;
  /** The keys that seal its tickets. */
  keys: TicketKeys;
}

/** Creates and keeps contexts. */
export class Contexts {
  readonly #library: StreamTls;
  readonly #configuration: TlsConfiguration;
  readonly #certificates: StapledCertificates;
  readonly #choice: CertificateChoice;
  readonly #keyring: TicketKeyring;
  readonly #clock: Clock;
  #checked = false;
  /** By its certificates, and by its period if it is for only one. The least recently used comes first. */
  readonly #entries = new Map<string, Entry>();
  /** The entry that was last asked for, and the list of indexes used for that. */
  #last: { readonly indexes: readonly number[]; readonly entry: Entry } | undefined;

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
   * What to serve a client with; undefined if it must be refused because of the name it asked for. Throws
   * {@linkcode StartupError} if the library refuses a certificate on its first use.
   */
  choose(hello: ClientHello): Choice | undefined {
    const indexes = this.#choice.choose(hello);
    if (indexes === undefined) return undefined;
    const current = this.#keyring.current();
    const former = this.#formerKeys(hello);
    if (!this.#library.contextsChange) return this.#entry(indexes, former ?? current);
    const entry = this.#entry(indexes, current);
    if (entry.keys !== current) {
      entry.context.setTicketKeys!(current);
      entry.keys = current;
    }
    return former === undefined ? entry : { ...entry, former: { former, current } };
  }

  /** The certificates of a choice, for the operator: where each came from, and its names. */
  namesOf({ indexes }: Choice): string {
    return indexes.map((index) => {
      const { source, names } = this.#certificates.at(index);
      return `${source} (${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""})`;
    }).join(" or ");
  }

  /** The keys of another period, if the client's tickets need them. */
  #formerKeys({ ticketNames }: ClientHello): TicketKeys | undefined {
    for (const name of ticketNames) {
      const former = this.#keyring.neighbour(name);
      if (former !== undefined) return former;
    }
    return undefined;
  }

  /** Staples these OCSP responses from now on. If contexts can change, handshakes in progress get them too. */
  staple(staples: readonly Staple[]): void {
    const changed = this.#certificates.take(staples);
    for (const entry of this.#entries.values()) {
      if (!entry.indexes.some((index) => changed.has(index))) continue;
      if (this.#library.contextsChange) this.#stapleIn(entry, changed);
      else this.#drop(entry);
    }
    this.#last = undefined;
  }

  #stapleIn({ context, indexes }: Entry, changed: ReadonlySet<number>): void {
    for (const [inContext, index] of indexes.entries()) {
      if (!changed.has(index)) continue;
      const { ocspResponse } = this.#certificates.at(index);
      context.staple!(inContext, ocspResponse === undefined ? undefined : fromBase64(ocspResponse));
    }
  }

  /** Creates what most clients will need, and what cannot be created later. Throws {@linkcode StartupError}. */
  prepare(): void {
    const { certificates } = this.#configuration;
    const sets = certificates.length > FEW ? [] : certificates.map((_, index) => [index]);
    const fromEngine = this.#choice.sets().filter((indexes) => this.#hasEngineKey(indexes));
    // If certificates are served together, the error must say which of them is refused.
    const singly = this.#choice.defaultSet.map((index) => [index]);
    attemptEach([...sets, ...fromEngine, ...singly], (indexes) => this.#entry(indexes));
    this.#entry(this.#choice.defaultSet);
  }

  /**
   * Checks certificates that are not among the former ones with OpenSSL. {@linkcode Contexts.prepare} leaves that
   * to the first client. Rejects with {@linkcode StartupError}.
   */
  async checkNew(former: Contexts): Promise<void> {
    if (this.#configuration.certificates.length <= FEW || this.#checked) return;
    this.#checked = true;
    await attemptNew(
      ...[this.#configuration, former.#configuration, this.#clock] as const,
      (index) => this.#make([index]).context.free(),
    );
  }

  /** Checks everything with OpenSSL. Throws {@linkcode StartupError}. */
  makeAll(): void {
    this.prepare();
    const indexes = this.#configuration.certificates.map((_, index) => index);
    attemptEach(indexes, (index) => this.#entry([index]));
  }

  /** Frees all of them; sessions keep what they need. A context needed later is created again. */
  free(): void {
    for (const { context } of this.#entries.values()) context.free();
    this.#entries.clear();
    this.#last = undefined;
  }

  #entry(indexes: readonly number[], keys = this.#keyring.current()): Entry {
    const last = this.#last;
    const { contextsChange } = this.#library;
    if (last?.indexes === indexes && (contextsChange || last.entry.keys === keys)) {
      return last.entry;
    }
    const key = contextsChange ? indexes.join() : `${indexes.join()} ${keys.period}`;
    const entry = this.#entries.get(key) ?? this.#make(indexes, keys, key);
    this.#keep(entry);
    this.#last = { indexes, entry };
    return entry;
  }

  /** Marks it as the most recently used. While there are few, the order does not matter. */
  #keep(entry: Entry): void {
    if (this.#entries.size < MAX / 2 && this.#entries.has(entry.key)) return;
    this.#entries.delete(entry.key);
    this.#entries.set(entry.key, entry);
    if (this.#entries.size > MAX) this.#dropOldest(entry);
  }

  #dropOldest(newest: Entry): void {
    for (const entry of this.#entries.values()) {
      if (entry === newest) return;
      // A key in an engine may no longer be accessible.
      if (!this.#hasEngineKey(entry.indexes)) return this.#drop(entry);
    }
  }

  #drop({ key, context }: Entry): void {
    this.#entries.delete(key);
    context.free();
  }

  #hasEngineKey(indexes: readonly number[]): boolean {
    const { certificates } = this.#configuration;
    return indexes.some((index) => {
      const { privateKey } = certificates[index]!;
      return typeof privateKey === "string" && isKeyUri(privateKey);
    });
  }

  #make(indexes: readonly number[], keys = this.#keyring.current(), key = ""): Entry {
    const certificates = indexes.map((index) => this.#certificates.at(index));
    const { allowed } = rulesFor(this.#configuration, certificates);
    const options = contextOptions(this.#library.version, this.#configuration, certificates);
    const context = newContext(this.#library, this.#configuration, certificates, {
      ...options,
      ticketKeys: keys,
    });
    return { context, allowed, former: undefined, key, indexes, keys };
  }
}

/** Max contexts kept; one takes some tens of KiB. */
const MAX = 2_000;
/** Up to this many certificates are all checked before the first client comes. */
const FEW = 100;
