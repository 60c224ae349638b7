/**
 * The rows of handshakes: each kind with two clients that close in different ways, 50 at a time and one at a time,
 * while 0, 1,000 and 8,000 other connections are idle.
 */

import { cpuExperiment, type Work } from "./cpu.ts";
import type { Client } from "./client.ts";
import type { Experiment, Target } from "./experiment.ts";
import type { Job } from "./load_process.ts";

/** A kind of handshake. */
interface Kind {
  readonly id: string;
  readonly title: string;
  readonly version: Job["version"];
  readonly resume?: boolean;
  /** Connections in a batch of the benchmark's own client, a multiple of 50. */
  readonly amount: number;
  /** The target as a multiple of the best peer's figure, 50 and one at a time. */
  readonly timesPeer: number;
  readonly timesPeerAlone: number;
  /** A quick run leaves it out. */
  readonly slow?: boolean;
}

const RSA_2048: readonly Kind[] = [
  kind("rsa12", "RSA-2048, TLS 1.2", { version: "TLSv1.2", amount: 600 }),
  kind("rsa13", "RSA-2048, TLS 1.3", { version: "TLSv1.3", amount: 600 }),
];
const P_256: readonly Kind[] = [
  kind("p256-12", "P-256, TLS 1.2", { version: "TLSv1.2", amount: 800 }),
  kind("p256-13", "P-256, TLS 1.3", { version: "TLSv1.3", amount: 800, slow: true }),
  kind("resumed12", "resumed, TLS 1.2", {
    ...{ version: "TLSv1.2", amount: 1600, resume: true, slow: true },
    ...{ timesPeer: 0.95, timesPeerAlone: 0.95 },
  }),
  kind("resumed13", "resumed, TLS 1.3", {
    ...{ version: "TLSv1.3", amount: 1200, resume: true },
    ...{ timesPeer: 0.9, timesPeerAlone: 0.9 },
  }),
];
const IDLE = [0, 1000, 8000];

/** An experiment for each certificate: its rows share the proxies and their idle connections. */
export const HANDSHAKES: readonly Experiment[] = [
  cpuExperiment({
    id: "rsa",
    group: "Handshakes",
    slow: true,
    certificate: "rsa2048",
    batches: 2,
    works: works(RSA_2048),
  }),
  cpuExperiment({
    id: "p256",
    group: "Handshakes",
    certificate: "p256",
    batches: 2,
    works: works(P_256),
  }),
];

/** Ordered by the number of idle connections, which can only grow on a stage. */
function works(kinds: readonly Kind[]): Work[] {
  return IDLE.flatMap((idle) =>
    kinds.flatMap((kind) => [
      polite(kind, idle),
      oneAtATime(kind, idle),
      ...idle === 0 ? [rude(kind)] : [],
    ])
  );
}

function polite(kind: Kind, idle: number): Work {
  const job = { ...jobOf(kind), connections: 50 };
  const target = { timesPeer: kind.timesPeer };
  return work(kind, idle, "", "50 at a time", { program: "node", job }, target);
}

function rude(kind: Kind): Work {
  const job = { ...jobOf(kind), connections: 50, rude: true };
  const what = "50 at a time, no close_notify";
  const target = { timesPeer: kind.timesPeer };
  return work(kind, 0, "-rude", what, { program: "node", job }, target);
}

function oneAtATime(kind: Kind, idle: number): Work {
  const { version, resume = false } = kind;
  const client = { program: "s_time", version, resume, processes: 1 } as const;
  const target = { timesPeer: kind.timesPeerAlone };
  return work(kind, idle, "-one", "s_time, one at a time", client, target);
}

function work(
  { id, title, resume, slow }: Kind,
  idle: number,
  suffix: string,
  what: string,
  client: Client,
  target: Target,
): Work {
  const alone = id + suffix;
  const row = idle === 0 ? { id: alone, title: `CPU µs, ${title}, ${what}`, target } : {
    id: `${alone}-idle${idle}`,
    title: `CPU µs, ${title}, ${what}, ${idle.toLocaleString("en")} idle`,
    ...(idle === Math.max(...IDLE) ? { target: { timesRow: 1.15, row: alone } } : {}),
  };
  // The picture shows the hardest case of each kind.
  const picture = idle === 0 && suffix !== "-rude"
    ? { picture: `${title}, ${suffix ? "one" : "50"} at a time` }
    : {};
  return {
    row: { ...row, ...picture, digits: 0, timesBare: 1 },
    client,
    scale: 1e6,
    idle,
    slow: slow || idle === 1000 || (resume && idle > 0),
  };
}

function jobOf({ version, resume = false, amount }: Kind) {
  return { kind: "handshakes", amount, version, resume } as const;
}

function kind(
  id: string,
  title: string,
  rest: Pick<Kind, "version" | "amount"> & Partial<Kind>,
): Kind {
  const full = rest.resume ? title : `full, ${title}`;
  return { timesPeer: 0.9, timesPeerAlone: 1, ...rest, id, title: full };
}
