/**
 * The OpenSSL contexts of a worker: one for each set of certificates that is served together, made when a
 * client first asks for it and kept as long as it is among the most recently used. Ten thousand certificates
 * therefore cost what their text costs.
 *
 * It also keeps the ticket keys of each context those of the current period.
 */

import { createHash } from "node:crypto";
import { StartupError } from "../../errors.ts";
import {
  type FormerTicketKeys,
  type OpenSsl,
  OpenSslError,
  type SslContext,
  type SslContextOptions,
} from "../../runtime/openssl.ts";
import type { Clock } from "../../runtime/runtime.ts";
import type { ClientHello } from "../../wire/client_hello.ts";
import { CertificateIndex } from "../certificate_index.ts";
import { TICKET_PERIOD, TicketKeyring } from "../ticket_keys.ts";
import type { ClientRules, ServedCertificate, TlsConfiguration } from "../tls_configuration.ts";

/** A context, and what is known of it. */
interface Entry {
  readonly context: SslContext;
  /** Of the keys it seals tickets with. */
  period: number;
}

/** What a client is served with. */
export interface Choice {
  readonly context: SslContext;
  /** Keys that the client's ticket needs besides those of the context. */
  readonly former: FormerTicketKeys | undefined;
}

/** Makes and keeps contexts. */
export class Contexts {
  readonly #library: OpenSsl;
  readonly #configuration: TlsConfiguration;
  readonly #index: CertificateIndex;
  readonly #keyring: TicketKeyring;
  /** By the certificates in it, the least recently used first. */
  readonly #entries = new Map<string, Entry>();

  constructor(library: OpenSsl, configuration: TlsConfiguration, clock: Clock) {
    const { certificates, defaultCertificate, ticketSecret } = configuration;
    this.#library = library;
    this.#configuration = configuration;
    this.#index = new CertificateIndex(certificates, defaultCertificate);
    this.#keyring = new TicketKeyring(fromBase64(ticketSecret), clock);
  }

  /**
   * What to serve a client with, or undefined if it asked for a name that is to be refused. Throws
   * {@linkcode StartupError} if OpenSSL refuses a certificate that nobody has asked for before.
   */
  choose({ serverName, ticketNames }: ClientHello): Choice | undefined {
    const places = this.#index.choose(serverName);
    if (places === undefined && this.#configuration.sniNomatchAbort) return undefined;
    const entry = this.#entry(places ?? this.#index.defaultSet);
    const current = this.#keyring.current();
    if (entry.period !== current.period) {
      entry.context.setTicketKeys(current);
      entry.period = current.period;
    }
    for (const name of ticketNames) {
      const former = this.#keyring.neighbour(name);
      if (former !== undefined) return { context: entry.context, former: { former, current } };
    }
    return { context: entry.context, former: undefined };
  }

  /** Makes what most clients will ask for, and what cannot be made later. Throws {@linkcode StartupError}. */
  prepare(): void {
    const { certificates } = this.#configuration;
    const sets = certificates.length > FEW ? [] : certificates.map((_, place) => [place]);
    const fromEngine = certificates.flatMap(({ privateKey }, place) =>
      isPem(privateKey) ? [] : [[place]]
    );
    for (const places of [...sets, ...fromEngine]) this.#entry(places);
    this.#entry(this.#index.defaultSet);
  }

  /** Has OpenSSL look at everything. Throws {@linkcode StartupError} with the first fault. */
  makeAll(): void {
    this.prepare();
    this.#configuration.certificates.forEach((_, place) => this.#entry([place]));
  }

  #entry(places: readonly number[]): Entry {
    const key = places.join();
    const known = this.#entries.get(key);
    if (known !== undefined && this.#entries.size < MOST / 2) return known;
    const entry = known ?? { context: this.#make(places), period: NaN };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > MOST) this.#dropOldest();
    return entry;
  }

  #dropOldest(): void {
    for (const [key, { context }] of this.#entries) {
      const places = key.split(",").map(Number);
      // A key that an engine holds may be out of reach by now.
      if (!places.every((place) => isPem(this.#configuration.certificates[place]!.privateKey))) {
        continue;
      }
      this.#entries.delete(key);
      return context.free();
    }
  }

  #make(places: readonly number[]): SslContext {
    const certificates = places.map((place) => this.#configuration.certificates[place]!);
    try {
      return this.#library.newContext(contextOptions(this.#configuration, certificates));
    } catch (error) {
      if (error instanceof OpenSslError) {
        throw startupError(error, this.#configuration, certificates);
      }
      throw error;
    }
  }
}

function contextOptions(
  configuration: TlsConfiguration,
  certificates: readonly ServedCertificate[],
): SslContextOptions {
  const { protocols, ciphers } = configuration;
  const rules = certificates.find((each) => each.clientRules)?.clientRules ??
    configuration.clientRules;
  const old = protocols.some((protocol) => protocol === "TLSv1.0" || protocol === "TLSv1.1");
  const oldOnly = ciphers ?? (old ? OLD_CIPHERS : SAFE_CIPHERS);
  return {
    certificates: certificates.map((each) => ({
      certificateChain: each.certificateChain,
      privateKey: each.privateKey,
      dhParameters: each.dhParameters,
      ocspResponse: each.ocspResponse === undefined ? undefined : fromBase64(each.ocspResponse),
    })),
    protocols,
    ciphers: oldOnly,
    ciphersuites: configuration.ciphersuites,
    groups: configuration.groups,
    preferServerCiphers: configuration.preferServerCiphers,
    // TLS 1.0 and 1.1 sign with MD5 and SHA-1, which OpenSSL 3 allows at level 0 only.
    securityLevel: old && !/@SECLEVEL/.test(ciphers ?? "") ? 0 : undefined,
    alpnProtocols: configuration.alpnProtocols,
    verify: rules.verify,
    authorities: rules.authorities,
    sessionIdContext: sessionIdContext(rules, certificates),
    sessionTimeout: TICKET_PERIOD / 1000,
  };
}

/**
 * A session is resumed only for the same names and under the same rules for clients: one that began before
 * the rules changed, or for another name, must not get round them.
 */
function sessionIdContext(
  rules: ClientRules,
  certificates: readonly ServedCertificate[],
): Uint8Array {
  const names = certificates[0]?.names.toSorted() ?? [];
  const text = JSON.stringify([rules.verify, rules.authorities, names]);
  return createHash("sha256").update(text).digest();
}

/** Names the option or the file that OpenSSL does not take. */
function startupError(
  error: OpenSslError,
  configuration: TlsConfiguration,
  certificates: readonly ServedCertificate[],
): StartupError {
  const { ciphers, ciphersuites, groups } = configuration;
  const files = certificates.map((each) => each.source).join(" and ");
  const subjects: Readonly<Record<string, string>> = {
    "ciphers": `-c/--ciphers ${ciphers}`,
    "ciphersuites": `--ciphersuites ${ciphersuites}`,
    "groups": `--ecdh-curve ${groups}`,
    "protocols": `--tls-protos ${configuration.protocols.join(" ")}`,
    "authorities": "--client-verify-ca",
    "certificate": `${files}: the certificate`,
    "private key": `${files}: the private key`,
    "DH parameters": `${files}: the DH parameters`,
  };
  const subject = subjects[error.subject ?? ""] ?? files;
  return new StartupError(`${subject}: OpenSSL refuses it: ${error.message}${advice(error)}`, {
    cause: error,
  });
}

function advice({ message }: OpenSslError): string {
  const level = "; the security level of the library is to blame (@SECLEVEL in -c lowers it)";
  return /too small|too weak|md too weak/.test(message) ? level : "";
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

function isPem(privateKey: string): boolean {
  return privateKey.startsWith("-----BEGIN");
}

/** What stud offers up to TLS 1.2 unless told otherwise: forward secrecy and authenticated encryption. */
const SAFE_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20";
/** TLS 1.0 and 1.1 know no such ciphers. */
const OLD_CIPHERS = `${SAFE_CIPHERS}:ECDHE+AES:DHE+AES:RSA+AES`;
/** Contexts that are kept; one takes some tens of KiB. */
const MOST = 2_000;
/** With that many certificates or fewer all are looked at before the first client comes. */
const FEW = 100;
