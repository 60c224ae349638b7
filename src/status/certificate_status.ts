/** The certificates that are served, and the files that are not, as the status tells them. */

import type { Plan } from "../plan/plan.ts";
import type { PlannedCertificate } from "../plan/planned_certificate.ts";
import { CertificateFactsCache, type OcspDates } from "./certificate_facts.ts";
import type { CertificateStatus, QuarantinedFile } from "./status.ts";
import type { ServedFrontend, Staples } from "./subject.ts";

/** What metrics tell of a certificate. */
export interface CertificateNumbers {
  /** As `labelsText` writes them. */
  readonly labels: string;
  /** Seconds since the epoch. */
  readonly notAfter: number;
  /** Null if unknown. */
  readonly servedDiffers: boolean | null;
  /** Seconds since the stapled OCSP response was made; undefined if none is stapled. */
  readonly ocspAge: number | undefined;
}

/** Describes certificates. */
export class CertificatesStatus {
  readonly #cache = new CertificateFactsCache();
  #plan: Plan | undefined;
  #frontends: ReadonlyMap<string, readonly string[]> = new Map();
  /** By the source of a certificate: the other file that has its key. */
  #keyFiles: ReadonlyMap<string, string> = new Map();
  /** Paths that have changed since the plan was made. */
  #changed = new Set<string>();

  /** Describes what this plan serves from now on. */
  use(plan: Plan, frontends: readonly ServedFrontend[]): void {
    if (plan === this.#plan) return;
    // A plan of the same files, such as one with another log level, differs from them as before.
    if (plan.tls !== this.#plan?.tls) this.#changed = new Set();
    this.#plan = plan;
    this.#frontends = frontendsByFingerprint(plan, frontends);
    this.#keyFiles = keyFilesOf(plan);
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
    const differs = this.#differing();
    return this.#all.map((certificate) => {
      const { fingerprint = "", names, notAfter, source } = certificate;
      const { issuer, keyType, ...facts } = this.#cache.of(certificate);
      const dates = this.#ocspDates(certificate, staples, now);
      return {
        ...{ fingerprint, names, issuer, keyType, source },
        ...{ notBefore: facts.notBefore, notAfter: facts.notAfter },
        daysLeft: Math.round((notAfter.getTime() - now.getTime()) / DAY * 10) / 10,
        frontends: this.#frontends.get(fingerprint) ?? [],
        servedDiffers: differs(source),
        ocsp: dates === undefined ? null : {
          thisUpdate: dates.thisUpdate.toISOString(),
          nextUpdate: dates.nextUpdate?.toISOString() ?? null,
          age: age(dates, now),
        },
      };
    });
  }

  /** The same certificates, in the same order, for metrics. */
  numbers(staples: Staples, now: Date): CertificateNumbers[] {
    const differs = this.#differing();
    return this.#all.map((certificate) => {
      const dates = this.#ocspDates(certificate, staples, now);
      return {
        labels: this.#cache.of(certificate).labels,
        notAfter: certificate.notAfter.getTime() / 1_000,
        servedDiffers: differs(certificate.source),
        ocspAge: dates && age(dates, now),
      };
    });
  }

  /** The files that are in quarantine. */
  quarantine(): QuarantinedFile[] {
    return (this.#plan?.tls.quarantined ?? []).map(quarantined);
  }

  get #all(): readonly PlannedCertificate[] {
    return this.#plan?.tls.certificates ?? [];
  }

  /** Tells whether the files of the certificate from this source now have something else. */
  #differing(): (source: string) => boolean | null {
    const changed = this.#changed;
    const kept = new Set(
      this.quarantine().filter((one) => one.keepsFormer).map((one) => one.source),
    );
    if (changed.size === 0 && kept.size === 0) return () => false;
    const keys = this.#plan?.settings.certificates.privateKeys ?? [];
    // Whose key was in such a file is not recorded.
    const otherwise = !keys.some((path) => changed.has(path))
      ? false
      : this.#all.length === 1 || null;
    return (source) =>
      changed.has(source) || kept.has(source) || changed.has(this.#keyFiles.get(source) ?? "") ||
      otherwise;
  }

  #ocspDates(
    certificate: PlannedCertificate,
    staples: Staples,
    now: Date,
  ): OcspDates | undefined {
    if (this.#plan?.stapling === undefined) return undefined;
    const { fingerprint = "", ocspResponse } = certificate;
    const newer = staples.get(fingerprint);
    const response = newer === undefined ? ocspResponse : newer ?? undefined;
    if (response === undefined) return undefined;
    return this.#cache.ocspDates(certificate, response, now);
  }
}

/** Seconds. */
function age({ thisUpdate }: OcspDates, now: Date): number {
  return Math.round((now.getTime() - thisUpdate.getTime()) / 1_000);
}

/** The keys that have files of their own, by the file of the certificate. */
function keyFilesOf({ settings: { pemFiles, frontends } }: Plan): Map<string, string> {
  const files = [...pemFiles, ...frontends.flatMap(({ tls }) => tls?.pemFiles ?? [])];
  return new Map(
    files.flatMap(({ certificate, privateKey }) =>
      privateKey === undefined ? [] : [[certificate, privateKey]]
    ),
  );
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
