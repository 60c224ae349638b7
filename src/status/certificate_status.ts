/** The certificates that are served, and the files that are not, as the status tells them. */

import type { Plan } from "../plan/plan.ts";
import type { PlannedCertificate } from "../plan/planned_certificate.ts";
import { CertificateFactsCache } from "./certificate_facts.ts";
import type { CertificateStatus, QuarantinedFile } from "./status.ts";
import type { ServedFrontend, Staples } from "./subject.ts";

/** Describes certificates. */
export class CertificatesStatus {
  readonly #cache = new CertificateFactsCache();
  #plan: Plan | undefined;
  #frontends: ReadonlyMap<string, readonly string[]> = new Map();
  /** Paths that have changed since the plan was made. */
  #changed = new Set<string>();

  /** Describes what this plan serves from now on. */
  use(plan: Plan, frontends: readonly ServedFrontend[]): void {
    if (plan === this.#plan) return;
    // A plan of the same files, such as one with another log level, differs from them as before.
    if (plan.tls !== this.#plan?.tls) this.#changed = new Set();
    this.#plan = plan;
    this.#frontends = frontendsByFingerprint(plan, frontends);
  }

  /** Parses what it tells of certificates ahead, a few at a time, so that no answer waits for all of them. */
  async prepare(plan: Plan, rest: () => Promise<void>): Promise<void> {
    for (const [index, certificate] of plan.tls.certificates.entries()) {
      this.#cache.of(certificate);
      if (index % AT_ONCE === AT_ONCE - 1) await rest();
    }
  }

  /** These files no longer are what was read from them. */
  changed(paths: readonly string[]): void {
    for (const path of paths) this.#changed.add(path);
  }

  /** Every certificate that is served. `staples`: responses instead of those that came with the certificates. */
  certificates(staples: Staples, now: Date): CertificateStatus[] {
    const kept = new Set(
      this.quarantine().filter((one) => one.keepsFormer).map((one) => one.source),
    );
    return (this.#plan?.tls.certificates ?? []).map((certificate) => {
      const { fingerprint = "", names, notBefore, notAfter, source } = certificate;
      return {
        ...{ fingerprint, names, ...this.#cache.of(certificate), source },
        notBefore: notBefore.toISOString(),
        notAfter: notAfter.toISOString(),
        daysLeft: Math.round((notAfter.getTime() - now.getTime()) / DAY * 10) / 10,
        frontends: this.#frontends.get(fingerprint) ?? [],
        servedDiffers: this.#changed.has(source) || kept.has(source),
        ocsp: this.#ocsp(certificate, staples, now),
      };
    });
  }

  /** The files that are in quarantine. */
  quarantine(): QuarantinedFile[] {
    return (this.#plan?.tls.quarantined ?? []).map(quarantined);
  }

  #ocsp(certificate: PlannedCertificate, staples: Staples, now: Date): CertificateStatus["ocsp"] {
    const { fingerprint = "", ocspResponse } = certificate;
    const newer = staples.get(fingerprint);
    const response = newer === undefined ? ocspResponse : newer ?? undefined;
    if (response === undefined || this.#plan?.stapling === undefined) return null;
    const dates = this.#cache.ocspDates(certificate, response, now);
    if (dates === undefined) return null;
    const { thisUpdate, nextUpdate } = dates;
    return {
      producedAt: thisUpdate.toISOString(),
      nextUpdate: nextUpdate?.toISOString() ?? null,
      age: Math.round((now.getTime() - thisUpdate.getTime()) / 1_000),
    };
  }
}

/** The names of the frontends that serve a certificate; those that all serve are left out. */
function frontendsByFingerprint(
  { tls, settings }: Plan,
  frontends: readonly ServedFrontend[],
): Map<string, readonly string[]> {
  const byFingerprint = new Map<string, string[]>();
  // Sockets of a service manager may be other frontends than those of the settings; all then serve the same.
  if (
    tls.ofFrontends.every((one) => one === undefined) ||
    frontends.length !== settings.frontends.length
  ) {
    return byFingerprint;
  }
  frontends.forEach(({ text }, index) => {
    const { certificates } = tls.ofFrontends[index] ?? tls.configuration;
    for (const { fingerprint = "" } of certificates) {
      const names = byFingerprint.get(fingerprint);
      if (names === undefined) byFingerprint.set(fingerprint, [text]);
      else if (!names.includes(text)) names.push(text);
    }
  });
  for (const [fingerprint, names] of byFingerprint) {
    if (names.length === frontends.length) byFingerprint.delete(fingerprint);
  }
  return byFingerprint;
}

/** From a line of quarantine.ts. */
function quarantined(line: string): QuarantinedFile {
  const end = line.lastIndexOf("; ");
  const [message, what] = [line.slice(0, end), line.slice(end + 2)];
  const colon = message.indexOf(": ");
  return {
    source: colon < 0 ? "" : message.slice(0, colon),
    reason: colon < 0 ? message : message.slice(colon + 2),
    keepsFormer: what.startsWith("stud keeps"),
  };
}

/** A certificate takes up to a tenth of a millisecond. */
const AT_ONCE = 10;
/** Milliseconds. */
const DAY = 86_400_000;
