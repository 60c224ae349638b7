/**
 * How long a small request takes, from the time when it was due: alone at half load of a small machine, and next to a
 * client that takes all it can get.
 */

import { downloadFor, floodFor } from "./client.ts";
import type { Experiment, Place, Sample } from "./experiment.ts";
import { forEachAlone, quiet, type Subject } from "./stage.ts";
import { percentile } from "./statistics.ts";

/** The percentiles for `rate` requests per second over several connections. */
export function latencyExperiment(
  { rate, connections, beside, title, targets, ...experiment }:
    & Omit<Experiment, "rows" | "measure" | "only" | "group">
    & {
      readonly title: string;
      readonly rate: number;
      readonly connections: number;
      /** Other work of the proxy meanwhile: one download at full speed, or handshakes, 50 at a time. */
      readonly beside?: "download" | "handshakes";
      /** The percentiles that have a target, in multiples of the best peer's. */
      readonly targets: Readonly<Record<string, number>>;
    },
): Experiment {
  const rows = PERCENTILES.map((percent) => {
    const limit = targets[percent];
    return {
      id: `${experiment.id}-p${percent}`,
      title: `ms until a request is answered, ${title}: p${percent}`,
      digits: 2,
      ...(limit === undefined ? {} : {
        target: { timesPeer: limit },
        picture: `request ${title}, p${percent}`,
      }),
    };
  });
  return {
    ...experiment,
    group: "Latency",
    rows,
    measure: (proxies, place) =>
      forEachAlone(proxies, place, { certificate: "p256" }, async (subject) => {
        const seconds = place.quick ? 0.5 : SECONDS;
        const job = { ...PROBE, port: subject.port, rate, connections };
        await subject.load.run({ ...job, amount: Math.ceil(rate * seconds / 5) });
        await quiet(subject);
        const company = beside && keepCompany(beside, subject, place, Math.ceil(seconds + 2));
        // A failure is reported below; until then it must not count as unhandled.
        company?.catch(() => {});
        if (beside) await new Promise((resolve) => setTimeout(resolve, COMPANY_COMES_MS));
        const { latencies = [] } = await subject.load.run({ ...job, amount: rate * seconds });
        await company;
        return PERCENTILES.map((percent, index): Sample => ({
          row: rows[index]!.id,
          value: percentile(latencies, percent) / 1000,
        }));
      }),
  };
}

async function keepCompany(
  beside: "download" | "handshakes",
  subject: Subject,
  { quick }: Place,
  seconds: number,
): Promise<void> {
  if (beside === "handshakes") {
    await floodFor(seconds, subject);
    return;
  }
  const bytes = await downloadFor(seconds, subject);
  if (bytes < (quick ? 1 : ENOUGH_BYTES)) {
    throw new Error(`the download beside it got only ${bytes} bytes`);
  }
}

const PERCENTILES = [50, 99, 99.9];
const SECONDS = 10;
const PROBE = { kind: "probe", version: "TLSv1.3", seconds: 60 } as const;
const COMPANY_COMES_MS = 500;
const ENOUGH_BYTES = 10_000_000;
