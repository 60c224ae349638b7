/**
 * Finds the certificates that a TLS library does not take, although they and their keys are sound: too short a key, a
 * signature by SHA-1, a kind that it does not know. All of them are named, so that the others can be served without them.
 */

import { CertificatesRefused, type RefusedCertificate, StartupError } from "../errors.ts";
import { type Clock, pause } from "../runtime/runtime.ts";
import type { ServedCertificate, TlsConfiguration } from "./tls_configuration.ts";

/** The error for a certificate that a library refuses; `reason` is without the file. */
export function certificateRefused(
  { fingerprint, source }: Pick<ServedCertificate, "fingerprint" | "source">,
  reason: string,
  options?: ErrorOptions,
): StartupError {
  return fingerprint === undefined
    ? new StartupError(`${source}: ${reason}`, options)
    : new CertificatesRefused([{ fingerprint, source, reason }], options);
}

/**
 * Tries every item, and then throws one {@linkcode CertificatesRefused} for all that `attempt` has thrown. Whatever else
 * it throws ends this at once.
 */
export function attemptEach<Item>(items: readonly Item[], attempt: (item: Item) => void): void {
  const refusals = new Refusals();
  for (const item of items) refusals.attempt(() => attempt(item));
  refusals.end();
}

/**
 * The same for certificates that are not among the former ones, as far as that does not take all day, with a pause now and
 * then: this process has clients.
 */
export async function attemptNew(
  { certificates }: Pick<TlsConfiguration, "certificates">,
  former: Pick<TlsConfiguration, "certificates">,
  clock: Clock,
  attempt: (place: number) => void,
): Promise<void> {
  const known = new Set(former.certificates.map(({ fingerprint }) => fingerprint));
  const places = certificates.flatMap(({ fingerprint }, place) =>
    known.has(fingerprint) ? [] : [place]
  );
  const refusals = new Refusals();
  for (const [count, place] of places.slice(0, MOST_NEW).entries()) {
    if (count % AT_ONCE === 0) await pause(clock, 0);
    refusals.attempt(() => attempt(place));
  }
  refusals.end();
}

class Refusals {
  readonly #refused = new Map<string, RefusedCertificate>();

  attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof CertificatesRefused)) throw error;
      for (const one of error.refused) this.#refused.set(one.fingerprint, one);
    }
  }

  end(): void {
    if (this.#refused.size > 0) throw new CertificatesRefused([...this.#refused.values()]);
  }
}

/** What else is refused is known when a client asks for it. */
const MOST_NEW = 1_000;
/** As many as take some milliseconds. */
const AT_ONCE = 10;
