/**
 * Processor time for a unit of work. It is measured in short batches that rotate through all proxies, so that a second
 * in which the machine is slow does not affect only one of them. A warm-up comes first, because a proxy that compiles
 * while it runs must be measured as it is after its first minute. Idle connections, if a row needs some, are opened
 * once and stay for all rows that need them.
 */

import type { Certificates } from "./certificates.ts";
import { type Client, perform } from "./client.ts";
import type { Experiment, Place, Row, Sample, Samples } from "./experiment.ts";
import { Load } from "./load_process.ts";
import type { Proxy } from "./proxy.ts";
import { forEach, quiet, type Subject, withSubjects } from "./stage.ts";
import { cpuSeconds } from "./usage.ts";

/** The work of one row. */
export interface Work {
  readonly row: Row;
  readonly client: Client;
  /** The sample is processor seconds for one unit, multiplied by this. */
  readonly scale: number;
  /** So many other connections are idle meanwhile. Rows of an experiment are in ascending order of this. */
  readonly idle?: number;
  /** A quick run leaves it out: another row does the same. */
  readonly slow?: boolean;
}

/** An experiment of such rows. */
export interface CpuOptions extends Omit<Experiment, "rows" | "measure" | "only"> {
  readonly works: readonly Work[];
  readonly certificate: keyof Certificates;
  /** The number in each round. */
  readonly batches?: number;
}

/** The processor time of several kinds of work, one row after the other on the same proxies. */
export function cpuExperiment(options: CpuOptions): Experiment {
  const { works, certificate, batches = BATCHES, ...experiment } = options;
  return {
    ...experiment,
    rows: works.map(({ row }) => row),
    measure: (proxies, place) =>
      measureCpu(works, proxies, place, { certificate, batches: place.quick ? 1 : batches }),
    only: (rows) =>
      cpuExperiment({ ...options, works: works.filter(({ row }) => rows.includes(row.id)) }),
  };
}

async function measureCpu(
  works: readonly Work[],
  proxies: readonly Proxy[],
  place: Place,
  { certificate, batches }: { certificate: keyof Certificates; batches: number },
): Promise<Samples> {
  const samples: Samples = new Map();
  // If all of them are slow, they were selected by name.
  const quick = works.filter(({ slow }) => !slow);
  const chosen = place.quick && quick.length > 0 ? quick : works;
  await withSubjects(proxies, place, { certificate }, samples, async (subjects) => {
    const idle = new Map(subjects.map(({ name }) => [name, new IdleConnections()]));
    try {
      for (const [index, work] of chosen.entries()) {
        const wanted = idleConnections(work, place);
        if (works.length > 1) console.error(`measuring ${work.row.id}`);
        await forEach(subjects, samples, place, async (subject) => {
          await idle.get(subject.name)?.grow(wanted, subject);
          if (!place.quick) await perform(work.client, subject, place, index === 0 ? COLD : WARM);
        });
        for (let batch = 0; batch < batches; batch++) {
          const order = batch % 2 === 0 ? subjects : subjects.toReversed();
          await forEach(order, samples, place, async (subject) => [
            await measureBatch(work, subject, place),
          ]);
        }
        await forEach(subjects, samples, place, async (subject) => {
          await idle.get(subject.name)?.check(wanted, subject);
        });
      }
    } finally {
      await Promise.all([...idle.values()].map((connections) => connections.end()));
    }
  });
  return samples;
}

/** Throws if any work fails, or if handshakes resumed that must not. */
async function measureBatch(
  { row, client, scale }: Work,
  subject: Subject,
  place: Place,
): Promise<Sample> {
  await quiet(subject);
  const before = cpuSeconds(subject.pid);
  const { units, resumed } = await perform(client, subject, place);
  await quiet(subject);
  const used = cpuSeconds(subject.pid) - before;
  const value = used * scale / units;
  return {
    row: row.id,
    value,
    cpuSeconds: used,
    ...(resumed === undefined ? {} : { resumed }),
  };
}

/** Connections that have been used once, held by their own process. */
class IdleConnections {
  #load: Load | undefined;
  #count = 0;

  async grow(wanted: number, subject: Subject): Promise<void> {
    if (wanted <= this.#count) return;
    this.#load ??= new Load("load");
    const amount = wanted - this.#count;
    await this.#load.run({
      ...HOLD,
      amount,
      connections: Math.min(50, amount),
      port: subject.port,
    });
    this.#count = wanted;
    await this.check(wanted, subject);
  }

  /** Throws if some have been closed. */
  async check(wanted: number, { port }: Subject): Promise<void> {
    const held = (await this.#load?.run({ ...HOLD, amount: 0, connections: 1, port }))?.held ?? 0;
    if (held < wanted) throw new Error(`only ${held} of ${wanted} idle connections are there`);
  }

  async end(): Promise<void> {
    await this.#load?.end();
  }
}

function idleConnections({ idle = 0 }: Work, { quick }: Place): number {
  return quick ? Math.ceil(idle / 400) : idle;
}

const HOLD = { kind: "hold", version: "TLSv1.3", seconds: 120 } as const;
const BATCHES = 4;
/**
 * The number of batches that warm up a new proxy, or one that has served other rows. A thousand connections are not
 * enough for a JavaScript engine to compile the code that serves them.
 */
const COLD = 8;
const WARM = 0.5;
