/**
 * Brings together what stud tells about itself: it asks the supervisor's parts when a client asks, and remembers only
 * what nothing else does: the last ten minutes, reloads, and lines of the log.
 */

import type { Plan } from "../plan/plan.ts";
import { type Clock, type Files, pause } from "../runtime/runtime.ts";
import { allFamilies } from "./families_view.ts";
import { CertificatesStatus } from "./certificate_status.ts";
import { History, HISTORY_STEP } from "./history.ts";
import type { MetricFamily } from "./openmetrics.ts";
import { ProcessUses } from "./process_use.ts";
import type { RecentLines } from "./recent_lines.ts";
import { SeriesView } from "./series_view.ts";
import type { ReloadStatus, Status, WorkerStatus } from "./status.ts";
import type { Staples, StatusSubject } from "./subject.ts";
import {
  backendsOf,
  type Faults,
  frontendNamer,
  frontendsOf,
  handshakesOf,
  NO_FAULTS,
  postQuantumOf,
  totalsOf,
} from "./traffic_status.ts";

/** What a collector works with. */
export interface CollectorOptions {
  readonly clock: Clock;
  readonly files: Pick<Files, "readText">;
  readonly pid: number;
  readonly version: string;
  /** Name and version of the runtime. */
  readonly runtime: string;
  readonly startedAt: Date;
  readonly lines: RecentLines;
}

/** Collects. */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #history = new History();
  readonly #uses: ProcessUses;
  readonly #certificates = new CertificatesStatus();
  readonly #counts = { changed: 0, unchanged: 0, failed: 0 };
  /** The latest first. */
  #reloads: ReloadStatus[] = [];
  #subject: StatusSubject | undefined;
  #staples: () => Staples = () => new Map();
  #cancel: () => void = () => {};

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#uses = new ProcessUses(options.files);
  }

  /** Collects from this supervisor from now on. `staples`: what is stapled now. */
  watch(subject: StatusSubject, staples: () => Staples): void {
    this.#subject = subject;
    this.#staples = staples;
    this.#cancel();
    void this.#step();
    void this.#prepare(subject.plan);
  }

  /** Stops the history. */
  stop(): void {
    this.#cancel();
    this.#subject = undefined;
  }

  /** Files have changed since they were read. */
  changed(paths: readonly string[]): void {
    this.#certificates.changed(paths);
  }

  /** Records a reload that has ended. */
  reloaded(report: Omit<ReloadStatus, "time">): void {
    this.#counts[report.outcome]++;
    this.#reloads = [this.#dated(report), ...this.#reloads].slice(0, MAX_RELOADS);
    if (this.#subject !== undefined) void this.#prepare(this.#subject.plan);
  }

  /** Why clients are not to be sent here now. */
  get unready(): string | undefined {
    const subject = this.#subject;
    if (subject === undefined || subject.phase === "starting") return "starting";
    if (subject.phase === "draining") return "draining";
    return this.#serves ? undefined : "no worker serves";
  }

  /** Everything. */
  async status(): Promise<Status> {
    const [faults] = await Promise.all([this.#subject?.fleet.faults(), this.#look()]);
    return this.#statusNow(this.#view(), faults);
  }

  /** Every family of numbers. */
  async families(): Promise<MetricFamily[]> {
    await this.#look();
    const { lines } = this.#options;
    const subject = this.#subject;
    const name = frontendNamer(subject?.frontends ?? []);
    const about = this.#about();
    return allFamilies({
      workers: (subject?.fleet.metrics() ?? []).map(({ index, series }) => ({
        index: String(index),
        view: new SeriesView([series], name),
      })),
      facts: subject?.fleet.workers() ?? [],
      about: { ...about, startedAt: this.#options.startedAt },
      supervisor: this.#uses.of(about.pid),
      useOf: (pid) => this.#uses.of(pid),
      certificates: this.#described().numbers(),
      ocspAges: this.#certificates.ocspAges(this.#staples(), this.#options.clock.date()),
      quarantined: this.#certificates.quarantine().length,
      reloads: this.#counts,
      lastReload: this.#reloads[0],
      lines: lines.counts,
    });
  }

  /** The sums of all workers. */
  #view(): SeriesView {
    const workers = this.#subject?.fleet.metrics() ?? [];
    const name = frontendNamer(this.#subject?.frontends ?? []);
    return new SeriesView(workers.map(({ series }) => series), name);
  }

  /** The certificates of the present plan. */
  #described(): CertificatesStatus {
    const subject = this.#subject;
    if (subject !== undefined) this.#certificates.use(subject.plan, subject.frontends);
    return this.#certificates;
  }

  #about(): Pick<
    Status,
    "version" | "runtime" | "tlsLibrary" | "pid" | "startedAt" | "state" | "ready"
  > {
    const { version, runtime, pid, startedAt } = this.#options;
    const { library: tlsLibrary = "", phase: state = "starting" } = this.#subject ?? {};
    const ready = this.unready === undefined;
    return {
      ...{ version, runtime, tlsLibrary, pid, startedAt: startedAt.toISOString(), state, ready },
    };
  }

  async #look(): Promise<void> {
    const workers = this.#subject?.fleet.workers() ?? [];
    const pids = workers.flatMap(({ process: present }) => present?.pid ?? []);
    await this.#uses.look([this.#options.pid, ...pids], this.#options.clock.now());
  }

  #statusNow(view: SeriesView, faults: Faults = NO_FAULTS): Status {
    const { clock, startedAt, lines } = this.#options;
    const subject = this.#subject;
    const { frontends = [], library = "" } = subject ?? {};
    const now = clock.date();
    const certificates = this.#described();
    const about = this.#about();
    return {
      schema: 1,
      time: now.toISOString(),
      ...about,
      uptime: Math.max(0, (now.getTime() - startedAt.getTime()) / 1_000),
      supervisor: this.#uses.of(about.pid),
      totals: totalsOf(view),
      frontends: frontendsOf(view, frontends, this.#serves),
      workers: this.#workers(),
      certificates: certificates.certificates(this.#staples(), now),
      quarantine: certificates.quarantine(),
      backends: backendsOf(view, faults),
      handshakes: handshakesOf(view, faults),
      postQuantum: postQuantumOf(view, library, subject?.plan.settings.engine),
      history: this.#history.status(),
      reloads: this.#reloads,
      warnings: lines.latest,
    };
  }

  /** Whether clients are served, also while a drain is only announced. */
  get #serves(): boolean {
    const workers = this.#subject?.fleet.workers() ?? [];
    return workers.some(({ process: present }) => present?.state === "serving");
  }

  #workers(): WorkerStatus[] {
    return (this.#subject?.fleet.workers() ?? []).map(
      ({ index, process: present, restarts, lastEnd }) => {
        const view = new SeriesView(present === undefined ? [] : [present.series]);
        const { died, hung, protocol } = restarts;
        return {
          ...present === undefined
            ? { pid: null, cpuSeconds: null, cpuShare: null, memory: null }
            : this.#uses.of(present.pid),
          index,
          state: present?.state ?? "none",
          startedAt: present?.startedAt.toISOString() ?? null,
          active: view.total("connections_active"),
          accepted: view.total("connections_accepted"),
          restarts: died + hung + protocol,
          lastEnd: lastEnd === undefined
            ? null
            : { time: lastEnd.time.toISOString(), reason: lastEnd.reason },
        };
      },
    );
  }

  async #prepare(plan: Plan): Promise<void> {
    await this.#certificates.prepare(plan, () => pause(this.#options.clock, PREPARE_PAUSE));
  }

  #dated(report: Omit<ReloadStatus, "time">): ReloadStatus {
    return { time: this.#options.clock.date().toISOString(), ...report };
  }

  async #step(): Promise<void> {
    const { clock } = this.#options;
    this.#cancel = clock.after(HISTORY_STEP, () => void this.#step());
    const { accepted, active, bytesToBackend, bytesToClient, handshakesFailed } = totalsOf(
      this.#view(),
    );
    const sums = { accepted, active, bytesToBackend, bytesToClient };
    this.#history.add({ ...sums, failedHandshakes: handshakesFailed }, clock.now(), clock.date());
    await this.#look();
  }
}

const MAX_RELOADS = 20;
/** Milliseconds. */
const PREPARE_PAUSE = 5;
