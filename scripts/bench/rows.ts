/**
 * The experiments of the benchmark in the tables' order: what each measures, with how much work, and stud's targets.
 */

import { churnExperiment } from "./churn.ts";
import { cpuExperiment, type Work } from "./cpu.ts";
import type { Experiment, Row } from "./experiment.ts";
import { HANDSHAKES } from "./handshake_rows.ts";
import { latencyExperiment } from "./latency.ts";
import { memoryAtRest, memoryPerConnection } from "./memory.ts";
import { startUpExperiment } from "./start_up.ts";
import { workersExperiment } from "./workers.ts";

/** On Node, stud may use no more processor time than the smallest program for it, with any work. */
function bulk(
  row: Omit<Row, "digits">,
  { slow = false, ...work }: Pick<Work, "client" | "scale" | "slow">,
): Experiment {
  const digits = work.scale === GB ? 2 : 1;
  return cpuExperiment({
    id: row.id,
    slow,
    group: "Bulk and requests",
    certificate: "p256",
    works: [{ ...work, row: { ...row, digits, timesBare: 1 } }],
  });
}

const GB = 1e9;
const BATCH = 0.375 * GB;

/** All experiments. */
export const EXPERIMENTS: readonly Experiment[] = [
  bulk({
    id: "download",
    title: "CPU s per GB to the client",
    target: { timesPeer: 0.55 },
    picture: "download",
  }, {
    client: {
      program: "node",
      job: { kind: "download", amount: BATCH, connections: 4, version: "TLSv1.3" },
    },
    scale: GB,
  }),
  bulk({
    id: "download-curl",
    title: "CPU s per GB to the client, one curl",
    target: { timesPeer: 0.55 },
  }, {
    client: { program: "curl", direction: "download", bytes: 2 * BATCH },
    scale: GB,
    slow: true,
  }),
  bulk({
    id: "upload",
    title: "CPU s per GB to the backend",
    target: { timesPeer: 0.85 },
    picture: "upload",
  }, {
    client: {
      program: "node",
      job: { kind: "upload", amount: BATCH, connections: 4, version: "TLSv1.3" },
    },
    scale: GB,
    slow: true,
  }),
  bulk({
    id: "upload-curl",
    title: "CPU s per GB to the backend, one curl",
    target: { timesPeer: 0.85 },
  }, {
    client: { program: "curl", direction: "upload", bytes: 2 * BATCH },
    scale: GB,
  }),
  bulk({
    id: "requests",
    title: "CPU µs per request, kept alive, 50 connections",
    target: { timesPeer: 0.9 },
    picture: "request, kept alive",
  }, {
    client: {
      program: "node",
      job: { kind: "requests", amount: 20_000, connections: 50, version: "TLSv1.3" },
    },
    scale: 1e6,
    slow: true,
  }),
  bulk({
    id: "requests-wrk",
    title: "CPU µs per request, kept alive, wrk with 50 connections",
    target: { timesPeer: 0.9 },
  }, { client: { program: "wrk", connections: 50, seconds: 2 }, scale: 1e6, slow: true }),
  bulk({
    id: "close-wrk",
    title: "CPU µs per request, Connection: close, wrk with 20 at a time",
    target: { timesPeer: 0.85 },
    picture: "Connection: close",
  }, { client: { program: "wrk", connections: 20, close: true, seconds: 2 }, scale: 1e6 }),
  ...HANDSHAKES,
  churnExperiment("churn", 100_000),
  workersExperiment("workers"),
  latencyExperiment({
    id: "latency",
    title: "1,000 a second",
    slow: true,
    rate: 1000,
    connections: 50,
    targets: { 50: 1, 99: 1 },
  }),
  latencyExperiment({
    id: "latency-download",
    title: "every 5 ms, beside a download",
    rate: 200,
    connections: 1,
    beside: "download",
    targets: { 50: 1, 99: 1 },
  }),
  latencyExperiment({
    id: "latency-flood",
    title: "every 5 ms, in a flood of handshakes",
    rate: 200,
    connections: 1,
    beside: "handshakes",
    targets: { 50: 1, 99: 1 },
  }),
  memoryPerConnection({
    row: {
      id: "idle",
      title: "KiB of memory (PSS without files) per idle connection",
      digits: 1,
      target: { timesPeer: 0.8 },
      timesBare: 0.5,
      picture: "memory, idle connection",
    },
    kind: "hold",
    connections: 2000,
  }),
  memoryPerConnection({
    row: {
      id: "stalled",
      title: "KiB of memory (PSS without files) per client that does not read",
      digits: 1,
      target: { timesPeer: 0.8 },
      picture: "memory, slow reader",
    },
    kind: "stall",
    connections: 200,
  }),
  memoryAtRest({
    id: "rest",
    title: "MB of memory (PSS) at rest, two workers",
    digits: 1,
    target: { atMost: 75 },
  }),
  memoryAtRest({
    id: "rest-executable",
    title: "MB of memory (PSS) at rest, two workers, executable",
    digits: 1,
    target: { atMost: 120 },
  }, true),
  startUpExperiment({
    id: "start",
    title: "s from start to first handshake",
    digits: 2,
    target: { atMost: 0.25 },
  }),
  startUpExperiment({
    id: "start-executable",
    title: "s from start to first handshake, executable",
    digits: 2,
    target: { atMost: 0.25 },
  }, true),
];
