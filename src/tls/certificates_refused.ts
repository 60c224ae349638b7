/**
 * Finds the certificates that a TLS library refuses although they and their keys are sound: a key that is too
 * short, a SHA-1 signature, a kind that the library does not know. It names all of them, so that the others can be
 * served without them.
 */

import { CertificatesRefused, type RefusedCertificate, StartupError } from "../errors.ts";
import { type Clock, pause } from "../runtime/runtime.ts";
import type { ServedCertificate, TlsConfiguration } from "./tls_configuration.ts";

/** The error for a certificate that a library refuses. `reason` does not include the file. */
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
 * Tries every item, then throws one {@linkcode CertificatesRefused} for all that `attempt` has thrown. Any other
 * error is thrown at once.
 */
export function attemptEach<Item>(items: readonly Item[], attempt: (item: Item) => void): void {
  const refusals = new Refusals();
  for (const item of items) refusals.attempt(() => attempt(item));
  refusals.end();
}

/**
 * The same for certificates that are not among the former ones, up to {@linkcode MAX_NEW} of them. It pauses
 * regularly, because this process has clients.
 */
export async function attemptNew(
  { certificates }: Pick<TlsConfiguration, "certificates">,
  former: Pick<TlsConfiguration, "certificates">,
  clock: Clock,
  attempt: (index: number) => void,
): Promise<void> {
  const known = new Set(former.certificates.map(({ fingerprint }) => fingerprint));
  const indexes = certificates.flatMap(({ fingerprint }, index) =>
    known.has(fingerprint) ? [] : [index]
  );
  const refusals = new Refusals();
  for (const [count, index] of indexes.slice(0, MAX_NEW).entries()) {
    if (count % AT_ONCE === 0) await pause(clock, 0);
    refusals.attempt(() => attempt(index));
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

/** Problems with further certificates show when a client asks for them. */
const MAX_NEW = 1_000;
/** This many take some milliseconds. */
const AT_ONCE = 10;
