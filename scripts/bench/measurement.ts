/**
 * One measurement: starts a fresh proxy, backend and load, warms them up (a proxy that compiles while it runs is
 * to be measured as it is after its first minute), and reads what the proxy used for the work itself.
 */

import type { Certificates } from "./certificates.ts";
import { type Job, Load, startBackend } from "./load_process.ts";
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

/** Processor time of `work`. Throws when any of it fails, or when handshakes resumed that should not. */
export function measureCpu(work: CpuWork, proxy: Proxy, place: Place): Promise<Sample> {
  const { certificate, job, scale } = work;
  return withProxy(proxy, place, certificate, async ({ pid, port, load }) => {
    const measured = { ...job, port, seconds: JOB_SECONDS };
    await load.run({ ...measured, amount: Math.ceil(job.amount * WARM_UP) });
    await settle();
    const before = cpuSeconds(pid);
    const done = await load.run(measured);
    await settle();
    const used = cpuSeconds(pid) - before;
    if (!job.resume && done.resumed > 0) {
      throw new Error("handshakes resumed that were to be full");
    }
    const value = used * scale / job.amount;
    const resumed = done.resumed / done.connections;
    return { value, cpuSeconds: used, ...(job.resume ? { resumed } : {}) };
  });
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
  { certificates, directory }: Place,
  certificate: keyof Certificates,
  use: (subject: Subject) => Promise<T>,
): Promise<T> {
  const backend = await startBackend();
  const load = new Load();
  try {
    const setup = { backendPort: backend.port, certificate: certificates[certificate], directory };
    const { child, port } = await startProxy(proxy, setup);
    try {
      return await use({ pid: child.pid, port, load });
    } finally {
      await child.end();
    }
  } finally {
    await Promise.all([load.end(), backend.end()]);
  }
}

interface Subject {
  readonly pid: number;
  readonly port: number;
  readonly load: Load;
}

/** Lets a proxy finish what the last connections left to do; it cannot be asked whether it has. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 300));
}

/** A job that hangs fails after this. */
const JOB_SECONDS = 60;
/** The part of the work that is done before it is measured. */
const WARM_UP = 0.15;
const IDLE_CONNECTIONS = 2000;
