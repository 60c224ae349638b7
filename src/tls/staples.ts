/** The OCSP responses of an engine's certificates: those it began with, and the newer ones that came since. */

import type { ServedCertificate, Staple, TlsConfiguration } from "./tls_configuration.ts";

/** What is stapled now, DER in base64; undefined: nothing. */
export interface CurrentResponse {
  readonly response: string | undefined;
}

/**
 * A configuration with these responses, by fingerprint, instead of those it has; certificates without an entry
 * keep theirs. If nothing is different it is the same object.
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
  const isSame = certificates.every((each, place) => each === tls.certificates[place]);
  return isSame ? tls : { ...tls, certificates };
}

/** Certificates, each with the response to staple now. */
export class StapledCertificates {
  readonly #certificates: ServedCertificate[];
  /** Places by fingerprint, made when it is first needed. */
  #places: Map<string, number[]> | undefined;

  constructor(certificates: readonly ServedCertificate[]) {
    this.#certificates = [...certificates];
  }

  /** The certificate at a place. */
  at(place: number): ServedCertificate {
    return this.#certificates[place]!;
  }

  /** Takes newer responses, and returns the places of the certificates they are for. */
  take(staples: readonly Staple[]): Set<number> {
    const taken = new Set<number>();
    for (const { fingerprint, response } of staples) {
      for (const place of this.#placesOf(fingerprint)) {
        this.#certificates[place] = withResponse(this.at(place), response ?? undefined);
        taken.add(place);
      }
    }
    return taken;
  }

  #placesOf(fingerprint: string): readonly number[] {
    if (this.#places === undefined) {
      this.#places = new Map();
      for (const [place, { fingerprint: key }] of this.#certificates.entries()) {
        if (key !== undefined) this.#places.set(key, [...this.#places.get(key) ?? [], place]);
      }
    }
    return this.#places.get(fingerprint) ?? [];
  }
}

function withResponse(
  { ocspResponse: _, ...rest }: ServedCertificate,
  response: string | undefined,
): ServedCertificate {
  return response === undefined ? rest : { ...rest, ocspResponse: response };
}
