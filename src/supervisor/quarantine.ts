/**
 * What happens to certificates that turn out bad when stud reads its files again: one among many must neither
 * stop the reload nor vanish silently. At the start there is no quarantine, and a fault is a fault.
 */

import { StartupError } from "../errors.ts";
import type { CheckedCertificate } from "../tls/certificate.ts";

/** Gathers the certificates that are bad, and finds those that were good before. */
export class Quarantine {
  readonly #former: ReadonlyMap<string, CheckedCertificate> | undefined;
  readonly #faults = new Map<string, StartupError>();

  /** `former`: what is served at present; undefined at the start. */
  constructor(former: readonly CheckedCertificate[] | undefined) {
    this.#former = former && new Map(former.map((one) => [one.source, one]));
  }

  /** The result of the work for a certificate, or undefined for one that is in quarantine now. */
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

  /** What the same file held when it was good. */
  former(source: string): CheckedCertificate | undefined {
    return this.#faults.has(source) ? this.#former?.get(source) : undefined;
  }

  /** The first fault, for when there is no good certificate at all. */
  get fault(): StartupError | undefined {
    return this.#faults.values().next().value;
  }

  /** A line for each certificate in quarantine. */
  get lines(): string[] {
    return [...this.#faults].map(([source, { message }]) => {
      const what = this.#former?.has(source)
        ? "the certificate it held before is served on"
        : "no certificate of it is served";
      return `${message}; ${what}`;
    });
  }
}
