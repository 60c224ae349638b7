/**
 * A large number of connections that open, send one request and leave without close_notify: the cost of each after a
 * minute of such load, and whether memory stays constant.
 */

import type { Experiment, Place, Sample } from "./experiment.ts";
import { amountOf, forEachAlone, quiet, type Subject } from "./stage.ts";
import { cpuSeconds, memory } from "./usage.ts";

/** Connections that open and close, 50 at a time. */
export function churnExperiment(id: string, connections: number): Experiment {
  const count = connections.toLocaleString("en");
  return {
    id,
    group: "Handshakes",
    once: true,
    rows: [
      { id: `${id}-cpu`, title: `CPU µs per connection, ${count} of them`, digits: 0 },
      { id: `${id}-before`, title: "MB of memory (PSS without files) before them", digits: 1 },
      { id: `${id}-after`, title: "MB of memory (PSS without files) after them", digits: 1 },
    ],
    measure: (proxies, place) =>
      forEachAlone(
        proxies,
        place,
        { certificate: "p256" },
        (subject) => churn(id, amountOf(connections, 50, place), subject, place),
      ),
  };
}

async function churn(
  id: string,
  amount: number,
  subject: Subject,
  place: Place,
): Promise<Sample[]> {
  const { load, port, pid } = subject;
  const job = {
    kind: "handshakes",
    rude: true,
    version: "TLSv1.3",
    connections: 50,
    port,
  } as const;
  await load.run({ ...job, amount: amountOf(WARM_UP, 50, place), seconds: 60 });
  await quiet(subject);
  const before = { cpu: cpuSeconds(pid), memory: memory(pid).own };
  await load.run({ ...job, amount, seconds: 600 });
  await quiet(subject);
  const used = cpuSeconds(pid) - before.cpu;
  return [
    { row: `${id}-cpu`, value: used * 1e6 / amount, cpuSeconds: used },
    { row: `${id}-before`, value: before.memory / 1e6 },
    { row: `${id}-after`, value: memory(pid).own / 1e6 },
  ];
}

const WARM_UP = 5000;
