/** A supervisor as the collector of the status sees one, with whatever a test wants counted. */

import type { WorkerFacts } from "../../src/fleet/slot_record.ts";
import type { FamilyName } from "../../src/metrics/families.ts";
import { FAMILIES } from "../../src/metrics/families.ts";
import { seriesKey, type SeriesValue } from "../../src/metrics/series.ts";
import type { PlannedCertificate } from "../../src/plan/planned_certificate.ts";
import { Collector } from "../../src/status/collector.ts";
import { RecentLines } from "../../src/status/recent_lines.ts";
import { type Faults, NO_FAULTS } from "../../src/status/traffic_status.ts";
import type { StatusSubject } from "../../src/status/subject.ts";
import { ManualClock } from "./manual_clock.ts";
import { planOf, tlsPlanOf } from "./plan_of.ts";
import { CONFIGURATION } from "./worker_configuration.ts";

/** What is to be told. */
export interface WantedStatus {
  readonly certificates?: readonly PlannedCertificate[];
  readonly series?: ReadonlyMap<string, SeriesValue>;
  readonly faults?: Faults;
  readonly phase?: StatusSubject["phase"];
  readonly state?: "starting" | "serving" | "draining";
}

/** A collector that watches such a supervisor of one worker, process 4711; this process is 4700. */
export function collectorOf(wanted: WantedStatus = {}) {
  const {
    certificates = [],
    series = new Map(),
    faults = NO_FAULTS,
    phase = "serving",
    state = "serving",
  } = wanted;
  const clock = new ManualClock();
  const lines = new RecentLines(clock);
  const files = {
    readText: (path: string) =>
      Promise.resolve(
        path.endsWith("/stat")
          ? `1 (stud) S ${"0 ".repeat(10)}150 50 0 0`
          : "Name:\tstud\nVmRSS:\t    2048 kB\n",
      ),
  };
  const collector = new Collector({
    ...{ clock, files, pid: 4700, version: "1.0.0", runtime: "Fake 1.0" },
    ...{ startedAt: clock.date(), lines },
  });
  const worker: WorkerFacts = {
    index: 1,
    process: { pid: 4711, state, startedAt: clock.date(), series },
    leaving: [],
    restarts: { died: 2, hung: 1, protocol: 0, replaced: 5 },
    lastEnd: { time: clock.date(), reason: "killed by SIGKILL" },
  };
  const subject: StatusSubject = {
    phase,
    plan: planOf({ tls: { ...tlsPlanOf(CONFIGURATION.tls), certificates } }),
    frontends: [{ text: "*:443", addresses: [{ host: "::", port: 443 }] }],
    library: "OpenSSL 3.5.1",
    fleet: {
      metrics: () => [{ index: 1, series }],
      workers: () => [worker],
      connections: () => Promise.resolve({ matching: 0, connections: [], unanswered: [] }),
      disconnect: () => Promise.resolve({ disconnected: 0, unanswered: [] }),
      faults: () => Promise.resolve(faults),
      trace: () => Promise.resolve(1),
    },
  };
  return { collector, clock, lines, subject };
}

/** A series of every family, each with the value 3, labelled by the names of its labels; the frontend is `[::]:443`. */
export function everySeries(): Map<string, SeriesValue> {
  return new Map((Object.keys(FAMILIES) as FamilyName[]).map((name) => {
    const { labels } = FAMILIES[name];
    const values = labels.map((label) => label === "frontend" ? "[::]:443" : label);
    const row = FAMILIES[name];
    const value = "bounds" in row ? [...row.bounds.map(() => 0), 3, 1.5] : 3;
    return [seriesKey(name, values), value];
  }));
}
