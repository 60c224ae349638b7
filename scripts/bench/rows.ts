/**
 * The rows of the table: what each measures, with how much work, and what stud is to reach.
 */

import type { Certificates } from "./certificates.ts";
import type { Job } from "./load_process.ts";
import {
  type CpuWork,
  measureCpu,
  measureEach,
  measureIdle,
  measureRest,
  type Place,
  type Samples,
} from "./measurement.ts";
import type { OURS } from "./proxies.ts";
import type { Proxy } from "./proxy.ts";

/** One line of the table. */
export interface Row {
  /** For `--rows`. */
  readonly id: string;
  readonly title: string;
  /** Digits after the point. */
  readonly digits: number;
  /** What stud is to reach with each engine, and on Node. */
  readonly targets?: Readonly<Partial<Record<keyof typeof OURS, Target>>>;
  measure(proxies: readonly Proxy[], place: Place): Promise<Samples>;
}

/** The most that stud may need: so many times hitch's or bare Node's figure, or a figure in the row's unit. */
export type Target =
  | { readonly timesHitch: number }
  | { readonly timesBare: number }
  | { readonly atMost: number };

/** On Node, stud may take no more processor time than the smallest program for it, whatever the work. */
function cpuRow(
  { certificate, job, scale, targets, ...row }: Omit<Row, "measure"> & CpuWork,
): Row {
  const work = { certificate, job, scale };
  return {
    ...row,
    targets: { ...targets, node: { timesBare: 1 } },
    measure: (proxies, place) => measureCpu(work, proxies, place),
  };
}

/** 16 connections at a time, each with a request and its end; `amount` is a multiple of 64. */
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

const GB = 1e9;

/** All rows, in the table's order. */
export const ROWS: readonly Row[] = [
  cpuRow({
    id: "download",
    title: "CPU seconds per GB to the client",
    digits: 2,
    targets: { stud: { timesHitch: 0.67 }, openssl: { timesHitch: 0.9 } },
    certificate: "p256",
    job: { kind: "download", amount: 1.5 * GB, connections: 4, version: "TLSv1.3" },
    scale: GB,
  }),
  cpuRow({
    id: "upload",
    title: "CPU seconds per GB to the backend",
    digits: 2,
    targets: { stud: { timesHitch: 0.95 }, openssl: { timesHitch: 0.85 } },
    certificate: "p256",
    job: { kind: "upload", amount: 1.5 * GB, connections: 4, version: "TLSv1.3" },
    scale: GB,
  }),
  cpuRow({
    id: "requests",
    title: "CPU µs per request, kept-alive",
    digits: 1,
    targets: { stud: { timesHitch: 1.1 }, openssl: { timesHitch: 1 } },
    certificate: "p256",
    job: { kind: "requests", amount: 64_000, connections: 64, version: "TLSv1.3" },
    scale: 1e6,
  }),
  handshakeRow({
    id: "rsa12",
    title: "CPU µs per full handshake, RSA-2048, TLS 1.2",
    targets: { stud: { timesHitch: 1.1 }, openssl: { timesHitch: 1.15 } },
    amount: 1600,
    version: "TLSv1.2",
    certificate: "rsa2048",
  }),
  handshakeRow({
    id: "rsa13",
    title: "CPU µs per full handshake, RSA-2048, TLS 1.3",
    targets: { stud: { timesHitch: 1.1 }, openssl: { timesHitch: 1.15 } },
    amount: 1600,
    version: "TLSv1.3",
    certificate: "rsa2048",
  }),
  handshakeRow({
    id: "p256-12",
    title: "CPU µs per full handshake, P-256, TLS 1.2",
    targets: { stud: { timesHitch: 1.1 }, openssl: { timesHitch: 1.15 } },
    amount: 2560,
    version: "TLSv1.2",
    certificate: "p256",
  }),
  handshakeRow({
    id: "p256-13",
    title: "CPU µs per full handshake, P-256, TLS 1.3",
    targets: { stud: { timesHitch: 1.1 }, openssl: { timesHitch: 1.15 } },
    amount: 2560,
    version: "TLSv1.3",
    certificate: "p256",
  }),
  handshakeRow({
    id: "resumed12",
    title: "CPU µs per resumed handshake, TLS 1.2",
    targets: { openssl: { timesHitch: 1.2 } },
    amount: 4992,
    version: "TLSv1.2",
    certificate: "p256",
    resume: true,
  }),
  handshakeRow({
    id: "resumed13",
    title: "CPU µs per resumed handshake, TLS 1.3",
    targets: { openssl: { timesHitch: 1.2 } },
    amount: 2560,
    version: "TLSv1.3",
    certificate: "p256",
    resume: true,
  }),
  {
    id: "idle",
    title: "KiB of memory (PSS without files) per idle connection",
    digits: 1,
    targets: { stud: { atMost: 36 }, openssl: { atMost: 30 }, node: { timesBare: 0.5 } },
    measure: (proxies, place) => measureEach(measureIdle, proxies, place),
  },
  {
    id: "rest",
    title: "MiB of memory (PSS) at rest",
    digits: 1,
    measure: (proxies, place) => measureEach(measureRest, proxies, place),
  },
];
