/**
 * The rows of the table: what each measures, with how much work, and what stud is to reach. A measurement starts
 * a fresh proxy, backend and load, warms them up (a proxy that compiles while it runs is to be measured as it is
 * after its first minute), and reads what the proxy used for the work itself.
 */

import type { Certificates } from "./certificates.ts";
import { type Backend, type Job, Load, startBackend } from "./load_process.ts";
import { cpuSeconds, memory } from "./measure.ts";
import { type Proxy, startProxy } from "./proxies.ts";

/** One line of the table. */
export interface Row {
  /** For `--rows`. */
  readonly id: string;
  readonly title: string;
  /** Digits after the point. */
  readonly digits: number;
  readonly target?: Target;
  measure(proxy: Proxy, place: Place): Promise<Sample>;
}

/** The most that stud may need: so many times hitch's figure, or a figure in the row's unit. */
export type Target = { readonly timesHitch: number } | { readonly atMost: number };

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

interface CpuWork extends Omit<Row, "measure"> {
  readonly certificate: keyof Certificates;
  readonly job: Pick<Job, "kind" | "amount" | "connections" | "version" | "resume">;
  /** The row's unit is processor seconds, times this, for one unit of the job's amount. */
  readonly scale: number;
}

interface Subject {
  readonly pid: number;
  readonly port: number;
  readonly load: Load;
}

function cpuRow({ certificate, job, scale, ...row }: CpuWork): Row {
  return {
    ...row,
    measure: (proxy, place) =>
      withProxy(proxy, place, certificate, async ({ pid, port, load }) => {
        const work = { ...job, port, seconds: JOB_SECONDS };
        await load.run({ ...work, amount: Math.ceil(job.amount * WARM_UP) });
        await settle();
        const before = cpuSeconds(pid);
        const done = await load.run(work);
        await settle();
        const used = cpuSeconds(pid) - before;
        const resumed = done.resumed / done.connections;
        if (!job.resume && resumed > 0) throw new Error("handshakes resumed that were to be full");
        return {
          value: used * scale / job.amount,
          cpuSeconds: used,
          ...(job.resume ? { resumed } : {}),
        };
      }),
  };
}

/** 16 connections at a time, each with a request and its end. */
function handshakeRow(
  { amount, version, certificate, resume = false, ...row }:
    & Omit<Row, "measure" | "digits">
    & {
      amount: number;
      version: Job["version"];
      certificate: keyof Certificates;
      resume?: boolean;
    },
): Row {
  const job = { kind: "handshakes", amount, connections: 16, version, resume } as const;
  return cpuRow({ ...row, digits: 0, certificate, job, scale: 1e6 });
}

function measureIdle(proxy: Proxy, place: Place): Promise<Sample> {
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

function measureRest(proxy: Proxy, place: Place): Promise<Sample> {
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
  const backend: Backend = await startBackend();
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

/** Lets a proxy finish what the last connections left to do; it cannot be asked whether it has. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 300));
}

/** A job that hangs fails after this. */
const JOB_SECONDS = 60;
/** The part of the work that is done before it is measured. */
const WARM_UP = 0.2;
const IDLE_CONNECTIONS = 2000;
const GB = 1e9;

/** All rows, in the table's order. */
export const ROWS: readonly Row[] = [
  cpuRow({
    id: "download",
    title: "CPU seconds per GB to the client",
    digits: 2,
    target: { timesHitch: 0.67 },
    certificate: "p256",
    job: { kind: "download", amount: 1.5 * GB, connections: 4, version: "TLSv1.3" },
    scale: GB,
  }),
  cpuRow({
    id: "upload",
    title: "CPU seconds per GB to the backend",
    digits: 2,
    target: { timesHitch: 0.95 },
    certificate: "p256",
    job: { kind: "upload", amount: 1.5 * GB, connections: 4, version: "TLSv1.3" },
    scale: GB,
  }),
  cpuRow({
    id: "requests",
    title: "CPU µs per request, kept-alive",
    digits: 1,
    target: { timesHitch: 1.1 },
    certificate: "p256",
    job: { kind: "requests", amount: 64_000, connections: 64, version: "TLSv1.3" },
    scale: 1e6,
  }),
  handshakeRow({
    id: "rsa12",
    title: "CPU µs per full handshake, RSA-2048, TLS 1.2",
    target: { timesHitch: 1.1 },
    amount: 1600,
    version: "TLSv1.2",
    certificate: "rsa2048",
  }),
  handshakeRow({
    id: "rsa13",
    title: "CPU µs per full handshake, RSA-2048, TLS 1.3",
    target: { timesHitch: 1.1 },
    amount: 1600,
    version: "TLSv1.3",
    certificate: "rsa2048",
  }),
  handshakeRow({
    id: "p256-12",
    title: "CPU µs per full handshake, P-256, TLS 1.2",
    target: { timesHitch: 1.1 },
    amount: 2400,
    version: "TLSv1.2",
    certificate: "p256",
  }),
  handshakeRow({
    id: "p256-13",
    title: "CPU µs per full handshake, P-256, TLS 1.3",
    target: { timesHitch: 1.1 },
    amount: 2400,
    version: "TLSv1.3",
    certificate: "p256",
  }),
  handshakeRow({
    id: "resumed12",
    title: "CPU µs per resumed handshake, TLS 1.2",
    amount: 5000,
    version: "TLSv1.2",
    certificate: "p256",
    resume: true,
  }),
  handshakeRow({
    id: "resumed13",
    title: "CPU µs per resumed handshake, TLS 1.3",
    amount: 2400,
    version: "TLSv1.3",
    certificate: "p256",
    resume: true,
  }),
  {
    id: "idle",
    title: "KiB of memory (PSS without files) per idle connection",
    digits: 1,
    target: { atMost: 36 },
    measure: measureIdle,
  },
  { id: "rest", title: "MiB of memory (PSS) at rest", digits: 1, measure: measureRest },
];
