/**
 * Memory of an idle connection, of one whose client does not read, and of a proxy at rest. Code that the first
 * connections load and compile is not part of the cost of a connection, and neither are the executable's pages, which
 * other processes may share. So the first two are differences of memory without files, after a warm-up.
 */

import type { Experiment, Row } from "./experiment.ts";
import type { Job } from "./load_process.ts";
import { amountOf, forEachAlone, quiet } from "./stage.ts";
import { memory } from "./usage.ts";

/** KiB per connection, for many open connections. */
export function memoryPerConnection(
  { row, kind, connections }: {
    readonly row: Row;
    /** Used once and idle, or with a large answer that the client does not read. */
    readonly kind: "hold" | "stall";
    readonly connections: number;
  },
): Experiment {
  return {
    id: row.id,
    group: "Memory",
    rows: [row],
    measure: (proxies, place) =>
      forEachAlone(proxies, place, P_256, async (subject) => {
        const { load, port, pid } = subject;
        const amount = amountOf(connections, AT_ONCE, place);
        const job = { version: "TLSv1.3", port, seconds: 60 } as const satisfies Partial<Job>;
        await load.run({ ...job, kind: "handshakes", amount: 200, connections: 2 });
        await load.run({ ...job, kind: "download", amount: 4e6, connections: 4 });
        await quiet(subject);
        const before = memory(pid).own;
        await load.run({ ...job, kind, amount, connections: AT_ONCE });
        await quiet(subject);
        const after = memory(pid).own;
        const { held } = await load.run({ ...job, kind, amount: 0, connections: 1 });
        if (held !== amount) throw new Error(`only ${held} of ${amount} connections were held`);
        return [{ row: row.id, value: (after - before) / 1024 / amount }];
      }),
  };
}

/** MB before the first connection, of all processes with two workers. */
export function memoryAtRest(row: Row, executable = false): Experiment {
  return {
    id: row.id,
    group: "Memory",
    rows: [row],
    executable,
    measure: (proxies, place) =>
      forEachAlone(proxies, place, { ...P_256, workers: 2, untouched: true }, async (subject) => {
        await quiet(subject);
        return [{ row: row.id, value: memory(subject.pid).all / 1e6 }];
      }),
  };
}

const P_256 = { certificate: "p256" } as const;
/** How many connections are opened at the same time. */
const AT_ONCE = 10;
