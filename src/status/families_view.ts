/** Every family of `/metrics`: those of the workers, and what only the supervisor knows. */

import { FAMILIES, type Family, type FamilyName } from "../metrics/families.ts";
import type { WorkerFacts } from "../fleet/slot_record.ts";
import type { CertificateNumbers, OcspAge } from "./certificate_status.ts";
import { labelsText, type MetricFamily, type Sample } from "./openmetrics.ts";
import type { SeriesView } from "./series_view.ts";
import type { ProcessUse, ReloadStatus, Status } from "./status.ts";

/** What the numbers are taken from. */
export interface FamiliesOf {
  /** Of each worker, by its index. */
  readonly workers: readonly { readonly index: string; readonly view: SeriesView }[];
  readonly facts: readonly WorkerFacts[];
  readonly about: Pick<Status, "version" | "runtime" | "tlsLibrary" | "state" | "ready"> & {
    readonly startedAt: Date;
  };
  /** What the supervisor uses. */
  readonly supervisor: ProcessUse;
  /** What a worker process uses. */
  readonly useOf: (pid: number) => ProcessUse;
  /** The same array until something changes. */
  readonly certificates: readonly CertificateNumbers[];
  readonly ocspAges: readonly OcspAge[];
  /** How many files are in quarantine. */
  readonly quarantined: number;
  readonly reloads: Readonly<Record<ReloadStatus["outcome"], number>>;
  readonly lastReload: ReloadStatus | undefined;
  readonly lines: Readonly<Record<string, number>>;
}

/** The families of the workers, with a label `worker`; without it if there is only the program itself. */
export function workerFamilies(workers: FamiliesOf["workers"]): MetricFamily[] {
  return (Object.keys(FAMILIES) as FamilyName[]).map((name) => {
    const family: Family = FAMILIES[name];
    return {
      name: `stud_${name}`,
      type: family.kind,
      unit: family.unit,
      help: family.help,
      samples: workers.flatMap(({ index, view }) =>
        view.of(name).flatMap(({ labels, value }) => {
          const pairs = labels.map((text, place) => [family.labels[place]!, text] as const);
          const all = labelsText({
            ...Object.fromEntries(pairs),
            ...index !== "" && { worker: index },
          });
          return typeof value === "number"
            ? [{ labels: all, value }]
            : histogramSamples(all, value, family.bounds!);
        })
      ),
    };
  });
}

/** Prometheus' buckets contain those below them. */
function histogramSamples(
  labels: Sample["labels"],
  value: readonly number[],
  bounds: readonly number[],
): Sample[] {
  let count = 0;
  const buckets = [...bounds, Infinity].map((bound, index) => {
    count += value[index]!;
    return { suffix: "_bucket", labels, bound, value: count };
  });
  return [
    ...buckets,
    { suffix: "_sum", labels, value: value.at(-1)! },
    { suffix: "_count", labels, value: count },
  ];
}

/** Every family. */
export function allFamilies(from: FamiliesOf): MetricFamily[] {
  return [
    ...aboutStud(from),
    ...workerFamilies(from.workers),
    ...aboutProcesses(from),
    ...aboutCertificates(from),
    ...aboutReloads(from),
    counter(
      "stud_log_lines",
      "Lines that were logged.",
      Object.entries(from.lines).map(([level, count]) => sample(count, { level })),
    ),
  ];
}

function aboutStud({ about, facts }: FamiliesOf): MetricFamily[] {
  const { version, runtime, tlsLibrary, startedAt, ready, state } = about;
  const serving = facts.filter(({ process: present }) => present?.state === "serving").length;
  const info: MetricFamily = {
    name: "stud_build_info",
    type: "info",
    help: "Versions; always 1.",
    samples: [sample(1, { version, runtime, tls_library: tlsLibrary })],
  };
  return [
    info,
    seconds("stud_start_time_seconds", "When stud started, since the epoch.", [
      sample(startedAt.getTime() / 1_000),
    ]),
    gauge("stud_ready", "1 while every frontend is served and no drain has been announced.", [
      sample(Number(ready)),
    ]),
    gauge("stud_draining", "1 from the moment that a drain is announced.", [
      sample(Number(state === "draining")),
    ]),
    gauge("stud_workers", "Workers that serve.", [sample(serving)]),
  ];
}

function aboutProcesses({ facts, supervisor, useOf }: FamiliesOf): MetricFamily[] {
  const known = (name: "cpuSeconds" | "memory") =>
    facts.flatMap(({ index, process: present }) => {
      const value = present === undefined ? null : useOf(present.pid)[name];
      return value === null ? [] : [sample(value, { worker: index })];
    });
  const own = (value: number | null) => value === null ? [] : [sample(value)];
  return [
    counter(
      "stud_worker_restarts",
      "Workers that were replaced, by reason.",
      facts.flatMap(({ index, restarts }) =>
        Object.entries(restarts).map(([reason, count]) => sample(count, { worker: index, reason }))
      ),
    ),
    inUnit(
      "seconds",
      counter(
        "stud_worker_cpu_seconds",
        "Processor time of the present worker processes.",
        known("cpuSeconds"),
      ),
    ),
    inUnit(
      "bytes",
      gauge(
        "stud_worker_resident_memory_bytes",
        "Resident memory of the present worker processes.",
        known("memory"),
      ),
    ),
    inUnit(
      "seconds",
      counter(
        "stud_supervisor_cpu_seconds",
        "Processor time of the supervisor.",
        own(supervisor.cpuSeconds),
      ),
    ),
    inUnit(
      "bytes",
      gauge(
        "stud_supervisor_resident_memory_bytes",
        "Resident memory of the supervisor.",
        own(supervisor.memory),
      ),
    ),
  ];
}

function aboutCertificates(
  { certificates, ocspAges, quarantined }: FamiliesOf,
): MetricFamily[] {
  const { notAfter, servedDiffers } = certificateSamples(certificates);
  return [
    {
      ...seconds(
        "stud_certificate_not_after_timestamp_seconds",
        "When a served certificate expires, since the epoch.",
        notAfter,
      ),
      isKept: true,
    },
    {
      ...gauge(
        "stud_certificate_served_differs",
        "1 if the file of a served certificate now has something else.",
        servedDiffers,
      ),
      isKept: true,
    },
    gauge("stud_certificates_quarantined", "Certificate files that are not served as they are.", [
      sample(quarantined),
    ]),
    seconds(
      "stud_ocsp_response_age_seconds",
      "Age of the stapled OCSP response of a certificate.",
      ocspAges.map(({ labels, age: value }) => ({ labels, value })),
    ),
  ];
}

/** The same arrays for the same numbers. */
function certificateSamples(certificates: FamiliesOf["certificates"]): CertificateSamples {
  const known = CERTIFICATE_SAMPLES.get(certificates);
  if (known !== undefined) return known;
  const samples = {
    notAfter: certificates.map(({ labels, notAfter: value }) => ({ labels, value })),
    servedDiffers: certificates.flatMap(({ labels, servedDiffers: value }) =>
      value === null ? [] : [{ labels, value: Number(value) }]
    ),
  };
  CERTIFICATE_SAMPLES.set(certificates, samples);
  return samples;
}

type CertificateSamples = Readonly<Record<"notAfter" | "servedDiffers", readonly Sample[]>>;

const CERTIFICATE_SAMPLES = new WeakMap<FamiliesOf["certificates"], CertificateSamples>();

function aboutReloads({ reloads, lastReload: last }: FamiliesOf): MetricFamily[] {
  const own = (value: (last: ReloadStatus) => number) =>
    last === undefined ? [] : [sample(value(last))];
  return [
    counter(
      "stud_reloads",
      "Reloads by outcome.",
      Object.entries(reloads).map(([outcome, count]) => sample(count, { outcome })),
    ),
    seconds(
      "stud_last_reload_timestamp_seconds",
      "When the last reload ended, since the epoch.",
      own(({ time }) => Date.parse(time) / 1_000),
    ),
    gauge("stud_last_reload_success", "1 if the last reload did not fail.", [
      sample(Number(last?.outcome !== "failed")),
    ]),
  ];
}

function sample(value: number, labels: Readonly<Record<string, string | number>> = {}): Sample {
  return { labels: labelsText(labels), value };
}

function counter(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { name, type: "counter", help, samples };
}

function gauge(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { name, type: "gauge", help, samples };
}

function seconds(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return inUnit("seconds", gauge(name, help, samples));
}

function inUnit(unit: "seconds" | "bytes", family: MetricFamily): MetricFamily {
  return { ...family, unit };
}
