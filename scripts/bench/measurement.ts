/**
 * The measurements of one row: starts fresh proxies, a backend and a load, warms them up (a proxy that compiles
 * while it runs is to be measured as it is after its first minute), and reads what each proxy used for the work.
 * Processor time is measured in short batches that go round all proxies, for a machine that is slow for a second
 * must not be slow for one of them alone.
 */

import type { Certificates } from "./certificates.ts";
import { type Job, Load, startBackend } from "./load_process.ts";
import type { Child } from "./processes.ts";
import { type Proxy, startProxy } from "./proxy.ts";
import { cpuSeconds, memory } from "./usage.ts";

/** Where measurements find and put files. */
export interface Place {
  readonly certificates: Certificates;
  readonly directory: string;
}

/** One measurement. */
export interface Sample {
  /** In the row's unit. */
  readonly value: number;
  /** Processor seconds it was read from; undefined where it isn't made of those. */
  readonly cpuSeconds?: number;
  /** The share of handshakes that resumed, where they should. */
  readonly resumed?: number;
}

/** The work whose processor time is measured. */
export interface CpuWork {
  readonly certificate: keyof Certificates;
  readonly job: Pick<Job, "kind" | "amount" | "connections" | "version" | "resume">;
  /** The sample is processor seconds, times this, for one unit of the job's amount. */
  readonly scale: number;
}

/** The samples of each proxy by its name, in step with each other, or why there are none. */
export type Samples = ReadonlyMap<string, readonly Sample[] | Error>;

/** Processor time of `work` for each proxy: a sample for each batch. */
export async function measureCpu(
  work: CpuWork,
  proxies: readonly Proxy[],
  place: Place,
): Promise<Samples> {
  const found = new Map<string, Sample[] | Error>();
  const job = { ...work.job, amount: work.job.amount / BATCHES, seconds: JOB_SECONDS };
  await withProxies(proxies, place, work.certificate, async (subjects, load) => {
    for (const subject of subjects) {
      const warmUp = { ...job, amount: Math.ceil(work.job.amount * WARM_UP), port: subject.port };
      await attempt(found, subject, async () => void await load.run(warmUp));
    }
    for (let batch = 0; batch < BATCHES; batch++) {
      for (const subject of batch % 2 === 0 ? subjects : subjects.toReversed()) {
        await attempt(found, subject, () => measureBatch({ ...work, job }, subject, load));
      }
    }
  }, found);
  return found;
}

/** Does something for a proxy that has not failed yet, and keeps what came of it. */
async function attempt(
  found: Map<string, Sample[] | Error>,
  { name }: Subject,
  run: () => Promise<Sample | void>,
): Promise<void> {
  const samples = found.get(name) ?? [];
  if (samples instanceof Error) return;
  try {
    const sample = await run();
    found.set(name, sample === undefined ? samples : [...samples, sample]);
  } catch (error) {
    found.set(name, error as Error);
  }
}

/** Throws when any of the work fails, or when handshakes resumed that should not. */
async function measureBatch(
  { job, scale }: { job: Omit<Job, "port">; scale: number },
  { pid, port }: Subject,
  load: Load,
): Promise<Sample> {
  await settle();
  const before = cpuSeconds(pid);
  const done = await load.run({ ...job, port });
  await settle();
  const used = cpuSeconds(pid) - before;
  if (!job.resume && done.resumed > 0) throw new Error("handshakes resumed that were to be full");
  const value = used * scale / job.amount;
  const resumed = done.resumed / done.connections;
  return { value, cpuSeconds: used, ...(job.resume ? { resumed } : {}) };
}

/** Runs a measurement that a proxy must have the machine to itself for, for each in turn. */
export async function measureEach(
  measure: (proxy: Proxy, place: Place) => Promise<Sample>,
  proxies: readonly Proxy[],
  place: Place,
): Promise<Samples> {
  const found = new Map<string, Sample[] | Error>();
  for (const proxy of proxies) {
    found.set(proxy.name, await measure(proxy, place).then((sample) => [sample], (error) => error));
  }
  return found;
}

/** KiB for each of many connections that have been used once and are held. */
export function measureIdle(proxy: Proxy, place: Place): Promise<Sample> {
  return withProxy(proxy, place, "p256", async ({ pid, port, load }) => {
    const job = { version: "TLSv1.3", port, seconds: JOB_SECONDS } as const;
    // What the first connections load and compile is not the price of a connection, nor is how many other
    // processes happen to share the executable's pages.
    await load.run({ ...job, kind: "handshakes", amount: 100, connections: 2 });
    await settle();
    const before = memory(pid).own;
    await load.run({ ...job, kind: "hold", amount: IDLE_CONNECTIONS, connections: 16 });
    await settle();
    const after = memory(pid).own;
    const { held } = await load.run({ ...job, kind: "hold", amount: 0, connections: 1 });
    if (held !== IDLE_CONNECTIONS) throw new Error(`only ${held} connections were held`);
    return { value: (after - before) / 1024 / IDLE_CONNECTIONS };
  });
}

/** MiB before the first connection. */
export function measureRest(proxy: Proxy, place: Place): Promise<Sample> {
  return withProxy(proxy, place, "p256", async ({ pid }) => {
    await settle();
    return { value: memory(pid).all / 1024 / 1024 };
  });
}

async function withProxy<T>(
  proxy: Proxy,
  place: Place,
  certificate: keyof Certificates,
  use: (subject: Subject & { readonly load: Load }) => Promise<T>,
): Promise<T> {
  const failed = new Map<string, Error>();
  const results: T[] = [];
  await withProxies([proxy], place, certificate, async ([subject], load) => {
    if (subject !== undefined) results.push(await use({ ...subject, load }));
  }, failed);
  const [result] = results;
  if (result === undefined) throw failed.get(proxy.name);
  return result;
}

/** Starts the proxies; those that do not start are in `failed` and not among the subjects. */
async function withProxies(
  proxies: readonly Proxy[],
  { certificates, directory }: Place,
  certificate: keyof Certificates,
  use: (subjects: readonly Subject[], load: Load) => Promise<void>,
  failed: Map<string, Error | Sample[]>,
): Promise<void> {
  const backend = await startBackend();
  const load = new Load();
  const started: (Subject & { readonly child: Child })[] = [];
  const setup = { backendPort: backend.port, certificate: certificates[certificate], directory };
  try {
    for (const proxy of proxies) {
      try {
        const { child, port } = await startProxy(proxy, setup);
        started.push({ name: proxy.name, pid: child.pid, port, child });
      } catch (error) {
        failed.set(proxy.name, error as Error);
      }
    }
    await use(started, load);
  } finally {
    await Promise.all(started.map(({ child }) => child.end()));
    await Promise.all([load.end(), backend.end()]);
  }
}

interface Subject {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
}

/** Lets a proxy finish what the last connections left to do; it cannot be asked whether it has. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 300));
}

/** Into so many parts the work is divided. */
const BATCHES = 4;
/** A job that hangs fails after this. */
const JOB_SECONDS = 60;
/** The part of the work that is done before it is measured. */
const WARM_UP = 0.5;
const IDLE_CONNECTIONS = 2000;
