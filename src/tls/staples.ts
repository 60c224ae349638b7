/** The OCSP responses of an engine's certificates: the initial ones, and newer ones that came since. */

import type { ServedCertificate, Staple, TlsConfiguration } from "./tls_configuration.ts";

/** The current response to staple, DER in base64; undefined if there is none. */
export interface CurrentResponse {
  readonly response: string | undefined;
}

/**
 * A configuration in which these responses, by fingerprint, replace its own; certificates without an entry keep
 * theirs. If nothing changes, it is the same object.
 */
export function withResponses(
  tls: TlsConfiguration,
  responses: ReadonlyMap<string, CurrentResponse>,
): TlsConfiguration {
  const certificates = tls.certificates.map((certificate) => {
    const current = responses.get(certificate.fingerprint ?? "");
    return current === undefined || current.response === certificate.ocspResponse
      ? certificate
      : withResponse(certificate, current.response);
  });
  const isSame = certificates.every((each, index) => each === tls.certificates[index]);
  return isSame ? tls : { ...tls, certificates };
}

/** Certificates, each with its current response. */
export class StapledCertificates {
  readonly #certificates: ServedCertificate[];
  /** Indexes by fingerprint, created on first use. */
  #indexes: Map<string, number[]> | undefined;

  constructor(certificates: readonly ServedCertificate[]) {
    this.#certificates = [...certificates];
  }

  /** The certificate at this index. */
  at(index: number): ServedCertificate {
    return this.#certificates[index]!;
  }

  /** Takes newer responses, and returns the indexes of the certificates they are for. */
  take(staples: readonly Staple[]): Set<number> {
    const taken = new Set<number>();
    for (const { fingerprint, response } of staples) {
      for (const index of this.#indexesOf(fingerprint)) {
        this.#certificates[index] = withResponse(this.at(index), response ?? undefined);
        taken.add(index);
      }
    }
    return taken;
  }

  #indexesOf(fingerprint: string): readonly number[] {
    if (this.#indexes === undefined) {
      this.#indexes = new Map();
      for (const [index, { fingerprint: key }] of this.#certificates.entries()) {
        if (key !== undefined) this.#indexes.set(key, [...this.#indexes.get(key) ?? [], index]);
      }
    }
    return this.#indexes.get(fingerprint) ?? [];
  }
}

function withResponse(
  { ocspResponse: _, ...rest }: ServedCertificate,
  response: string | undefined,
): ServedCertificate {
  return response === undefined ? rest : { ...rest, ocspResponse: response };
}
