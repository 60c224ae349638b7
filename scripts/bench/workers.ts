/**
 * Two workers compared with one, for each proxy: how much sooner the same work is done, and how much more processor
 * time it takes. Nothing is pinned here: clients and backend share the processors with the workers. On a machine with
 * two processors the time can hardly halve.
 */

import { type Client, perform } from "./client.ts";
import type { Experiment, Place, Sample, Samples } from "./experiment.ts";
import type { Proxy } from "./proxy.ts";
import { forEach, quiet, type Subject, withSubjects } from "./stage.ts";
import { cpuSeconds } from "./usage.ts";

/** Full handshakes, 50 at a time. */
export function workersExperiment(id: string): Experiment {
  return {
    id,
    group: "Handshakes",
    rows: [
      { id: `${id}-time`, title: "time of handshakes, two workers over one", digits: 2 },
      { id: `${id}-cpu`, title: "CPU of handshakes, two workers over one", digits: 2 },
    ],
    measure: (proxies, place) => measureWorkers(id, proxies, place),
  };
}

async function measureWorkers(
  id: string,
  proxies: readonly Proxy[],
  place: Place,
): Promise<Samples> {
  const samples: Samples = new Map();
  const able = proxies.filter(({ ignoresWorkers }) => !ignoresWorkers);
  const one = { certificate: "p256", side: "any", workers: 1 } as const;
  for (const proxy of place.quick ? able.slice(0, 1) : able) {
    await withSubjects([proxy], place, one, samples, async ([single]) => {
      await withSubjects([proxy], place, { ...one, workers: 2 }, samples, async ([pair]) => {
        if (single === undefined || pair === undefined) return;
        await forEach([single], samples, place, () => compare(id, single, pair, place));
      });
    });
  }
  return samples;
}

async function compare(
  id: string,
  single: Subject,
  pair: Subject,
  place: Place,
): Promise<Sample[]> {
  if (!place.quick) { for (const subject of [single, pair]) await perform(CLIENT, subject, place); }
  const samples: Sample[] = [];
  for (let batch = 0; batch < (place.quick ? 1 : BATCHES); batch++) {
    const before = await costs(single, place);
    const after = await costs(pair, place);
    samples.push(
      { row: `${id}-time`, value: after.seconds / before.seconds },
      { row: `${id}-cpu`, value: after.cpu / before.cpu },
    );
  }
  return samples;
}

/** The costs of one request, in seconds. */
async function costs(subject: Subject, place: Place): Promise<{ seconds: number; cpu: number }> {
  await quiet(subject);
  const cpu = cpuSeconds(subject.pid);
  const { units } = await perform(CLIENT, subject, place);
  const seconds = CLIENT.seconds / units;
  await quiet(subject);
  return { seconds, cpu: (cpuSeconds(subject.pid) - cpu) / units };
}

const CLIENT = {
  program: "wrk",
  connections: 50,
  close: true,
  seconds: 2,
} as const satisfies Client;
const BATCHES = 4;
