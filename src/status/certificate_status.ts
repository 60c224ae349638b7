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
}

/** How old the OCSP response is that is stapled for a certificate. */
export interface OcspAge extends Pick<CertificateNumbers, "labels"> {
  /** Seconds. */
  readonly age: number;
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
  /** Until one of them changes. */
  #numbers: readonly CertificateNumbers[] | undefined;
  /** As last told, in the order of the plan. */
  #last: CertificateStatus[] = [];

  /** Describes what this plan serves from now on. */
  use(plan: Plan, frontends: readonly ServedFrontend[]): void {
    if (plan === this.#plan) return;
    // A plan of the same files, such as one with another log level, differs from them as before.
    if (plan.tls !== this.#plan?.tls) this.#changed = new Set();
    this.#plan = plan;
    this.#numbers = undefined;
    this.#last = [];
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
    this.#numbers = undefined;
  }

  /**
   * Every certificate that is served; what has not changed is the same object again. `staples`: responses instead of
   * those that came with the certificates.
   */
  certificates(staples: Staples, now: Date): readonly CertificateStatus[] {
    const differs = this.#differing();
    this.#all.forEach((certificate, index) => {
      const { notAfter, source } = certificate;
      const dates = this.#ocspDates(certificate, staples, now);
      const daysLeft = Math.round((notAfter.getTime() - now.getTime()) / DAY * 10) / 10;
      const servedDiffers = differs(source);
      const last = this.#last[index];
      const isSame = last?.daysLeft === daysLeft && last.servedDiffers === servedDiffers &&
        last.ocsp === null && dates === undefined;
      if (!isSame) {
        this.#last[index] = this.#describe(certificate, { daysLeft, servedDiffers, dates, now });
      }
    });
    return [...this.#last];
  }

  #describe(
    certificate: PlannedCertificate,
    { daysLeft, servedDiffers, dates, now }:
      & Pick<CertificateStatus, "daysLeft" | "servedDiffers">
      & { readonly dates: OcspDates | undefined; readonly now: Date },
  ): CertificateStatus {
    const { fingerprint = "", names, source } = certificate;
    const { issuer, keyType, notBefore, notAfter } = this.#cache.of(certificate);
    return {
      ...{ fingerprint, names, issuer, keyType, source, notBefore, notAfter, daysLeft },
      frontends: this.#frontends.get(fingerprint) ?? [],
      servedDiffers,
      ocsp: dates === undefined ? null : {
        thisUpdate: dates.thisUpdate.toISOString(),
        nextUpdate: dates.nextUpdate?.toISOString() ?? null,
        age: age(dates, now),
      },
    };
  }

  /** The same for metrics: each certificate once, in the same array until something changes. */
  numbers(): readonly CertificateNumbers[] {
    const differs = this.#differing();
    return this.#numbers ??= eachOnce(this.#all.map((certificate) => ({
      labels: this.#cache.of(certificate).labels,
      notAfter: certificate.notAfter.getTime() / 1_000,
      servedDiffers: differs(certificate.source),
    })));
  }

  /** For metrics too, of each certificate for which a response is stapled. */
  ocspAges(staples: Staples, now: Date): OcspAge[] {
    const ages = new Map<string, OcspAge>();
    for (const certificate of this.#plan?.stapling === undefined ? [] : this.#all) {
      const dates = this.#ocspDates(certificate, staples, now);
      if (dates === undefined) continue;
      const { labels } = this.#cache.of(certificate);
      if (!ages.has(labels)) ages.set(labels, { labels, age: age(dates, now) });
    }
    return [...ages.values()];
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

/** A certificate that is in several files is one, and differs from them if it differs from one. */
function eachOnce(all: readonly CertificateNumbers[]): readonly CertificateNumbers[] {
  const byLabels = new Map<string, CertificateNumbers>();
  for (const one of all) {
    const known = byLabels.get(one.labels);
    if (known === undefined || difference(one) > difference(known)) byLabels.set(one.labels, one);
  }
  return [...byLabels.values()];
}

function difference({ servedDiffers }: CertificateNumbers): number {
  return servedDiffers === null ? 0.5 : Number(servedDiffers);
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
