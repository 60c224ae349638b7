/**
 * The environment of a measurement: fresh proxies, each with its own backend and load process. A shared process would
 * run out of descriptors, and work for one proxy would disturb the next. It keeps the measurements of each proxy, and
 * which proxies failed.
 */

import type { Certificates } from "./certificates.ts";
import type { Place, Sample, Samples } from "./experiment.ts";
import { type Backend, Load, startBackend } from "./load_process.ts";
import type { Child, Side } from "./processes.ts";
import { type Proxy, startProxy } from "./proxy.ts";
import { cpuSeconds } from "./usage.ts";

/** A running proxy and its processes. */
export interface Subject {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  readonly load: Load;
  /** Where clients run. */
  readonly side: Side;
}

/** How the proxies must be started. */
export interface StageOptions {
  readonly certificate: keyof Certificates;
  readonly workers?: number;
  /** Where all processes run; by default the proxy runs on its processor and the others on theirs. */
  readonly side?: "any";
  /** No client connects before those of the measurement. */
  readonly untouched?: boolean;
}

/**
 * Starts the proxies, waits until they serve, and keeps them running during `use`. Those that do not start are failures
 * in `samples`.
 */
export async function withSubjects(
  proxies: readonly Proxy[],
  { certificates, directory }: Place,
  { certificate, workers = 1, side: anywhere, untouched = false }: StageOptions,
  samples: Samples,
  use: (subjects: readonly Subject[]) => Promise<void>,
): Promise<void> {
  const subjects: (Subject & { child: Child; backend: Backend })[] = [];
  const side = anywhere ?? "load";
  const begin = async (proxy: Proxy) => {
    const backend = await startBackend(side);
    const setup = {
      backendPort: backend.port,
      certificate: certificates[certificate],
      directory,
      workers,
    };
    try {
      const { child, port } = await startProxy(proxy, setup, anywhere);
      const load = new Load(side);
      subjects.push({ name: proxy.name, pid: child.pid, port, load, side, child, backend });
      // A listening port does not mean yet that the proxy serves: stud tries its ports before its workers get them.
      if (!untouched) await load.run({ ...FIRST, port });
    } catch (error) {
      samples.set(proxy.name, { samples: [], failure: error as Error });
      await backend.end();
    }
  };
  try {
    await Promise.all(proxies.map(begin));
    // In the order of the list, not in the order in which they became ready.
    const order = proxies.map(({ name }) => name);
    subjects.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
    await use(subjects);
  } finally {
    await Promise.all(
      subjects.flatMap(({ child, load, backend }) => [child.end(), load.end(), backend.end()]),
    );
  }
}

/**
 * Runs a function for each proxy that has not failed yet, one after the other, or in parallel in a quick run, and keeps
 * the results.
 */
export async function forEach<T extends { readonly name: string }>(
  subjects: readonly T[],
  samples: Samples,
  { quick }: Place,
  run: (subject: T) => Promise<readonly Sample[] | void>,
): Promise<void> {
  const attempt = async (subject: T) => {
    const before = samples.get(subject.name) ?? { samples: [] };
    if (before.failure !== undefined) return;
    try {
      const more = await run(subject) ?? [];
      samples.set(subject.name, { samples: [...before.samples, ...more] });
    } catch (error) {
      samples.set(subject.name, { ...before, failure: error as Error });
    }
  };
  if (quick) await Promise.all(subjects.map(attempt));
  else for (const subject of subjects) await attempt(subject);
}

/** Like `forEach`, but each proxy has the machine and its stage to itself. */
export async function forEachAlone(
  proxies: readonly Proxy[],
  place: Place,
  options: StageOptions,
  run: (subject: Subject) => Promise<readonly Sample[] | void>,
): Promise<Samples> {
  const samples: Samples = new Map();
  const stages = place.quick ? [proxies] : proxies.map((proxy) => [proxy]);
  for (const stage of stages) {
    await withSubjects(
      stage,
      place,
      options,
      samples,
      (subjects) => forEach(subjects, samples, place, run),
    );
  }
  return samples;
}

/**
 * Waits until a proxy has finished the work of the last connections: until it has used no processor time for 0.2 s, max
 * 10 s. The proxy cannot be asked.
 */
export async function quiet({ pid }: { readonly pid: number }): Promise<void> {
  let before = cpuSeconds(pid);
  let still = 0;
  for (let checks = 0; checks < 100 && still < 2; checks++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = cpuSeconds(pid);
    still = now === before ? still + 1 : 0;
    before = now;
  }
}

/** An amount of work, or in a quick run a tiny part of it: a multiple of `step`, at least `step`. */
export function amountOf(amount: number, step: number, { quick }: Place): number {
  return quick ? Math.max(Math.floor(amount / 500 / step), 1) * step : amount;
}

const FIRST = {
  kind: "first",
  amount: 1,
  connections: 1,
  version: "TLSv1.3",
  seconds: 20,
} as const;
