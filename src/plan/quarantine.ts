/**
 * Handles certificates that turn out bad when stud reads its files again: one among many must neither stop the reload
 * nor disappear silently. At the start there is no quarantine, and a fault stops the start.
 */

import { StartupError } from "../errors.ts";
import type { PlannedCertificate } from "./planned_certificate.ts";

/** Collects the bad certificates, and finds their last good versions. */
export class Quarantine {
  readonly #former: ReadonlyMap<string, PlannedCertificate> | undefined;
  readonly #refused: ReadonlyMap<string, string>;
  readonly #faults = new Map<string, StartupError>();

  /**
   * `former`: what is served at present; undefined at the start. `refused`: why the TLS library does not serve a
   * certificate, by fingerprint.
   */
  constructor(
    former: readonly PlannedCertificate[] | undefined,
    refused: ReadonlyMap<string, string> = new Map(),
  ) {
    this.#refused = refused;
    this.#former = former && new Map(former.map((one) => [one.source, one]));
  }

  /** Whether there are certificates of before, good or not. */
  get isReload(): boolean {
    return this.#former !== undefined;
  }

  /** What a file held before; undefined if it was not served. */
  last(source: string): PlannedCertificate | undefined {
    return this.#former?.get(source);
  }

  /** The result of the work for a certificate, or undefined if the certificate is now in quarantine. */
  async attempt<Result>(
    source: string,
    work: () => Promise<Result>,
  ): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      this.add(source, error);
    }
  }

  /** Puts a certificate into quarantine, or throws the error again. */
  add(source: string, error: unknown): void {
    if (this.#former === undefined || !(error instanceof StartupError)) throw error;
    this.#faults.set(source, error);
  }

  /** A certificate, or undefined if the TLS library refuses it; it is then in quarantine. */
  accept(certificate: PlannedCertificate): PlannedCertificate | undefined {
    const reason = this.#refusal(certificate);
    if (reason === undefined) return certificate;
    const former = this.#former?.get(certificate.source);
    if (former?.fingerprint === certificate.fingerprint) throw reason;
    this.add(certificate.source, reason);
  }

  /**
   * The last good content of the same file. If the library now refuses that too, throws the library's reason: then
   * other settings are at fault, not a file.
   */
  former(source: string): PlannedCertificate | undefined {
    const former = this.#faults.has(source) ? this.#former?.get(source) : undefined;
    const reason = former && this.#refusal(former);
    if (reason !== undefined) throw reason;
    return former;
  }

  #refusal({ fingerprint = "", source }: PlannedCertificate): StartupError | undefined {
    const reason = this.#refused.get(fingerprint);
    return reason === undefined ? undefined : new StartupError(`${source}: ${reason}`);
  }

  /** The first fault, for when there is no good certificate at all. */
  get fault(): StartupError | undefined {
    return this.#faults.values().next().value;
  }

  /** A line for each certificate in quarantine. */
  get lines(): string[] {
    return [...this.#faults].map(([source, { message }]) => {
      const what = this.#former?.has(source)
        ? "stud keeps serving its previous certificate"
        : "stud does not serve it";
      return `${message}; ${what}`;
    });
  }
}
