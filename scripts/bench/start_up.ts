/**
 * The time from the start of a proxy's process until it has served a first client: a handshake, a request and its
 * response. The proxy runs its default processes but only one worker, and is not pinned to a processor, as when a
 * service manager starts it. The first start of each is not counted, because it fills the file caches.
 */

import type { Experiment, Place, Row, Sample, Samples } from "./experiment.ts";
import { Load, startBackend } from "./load_process.ts";
import { type Proxy, spawnProxy } from "./proxy.ts";
import { forEach } from "./stage.ts";

/** Seconds until the first response. */
export function startUpExperiment(row: Row, executable = false): Experiment {
  return {
    id: row.id,
    group: "Start",
    rows: [row],
    executable,
    measure: async (proxies, place) => {
      const samples: Samples = new Map();
      const starts = place.quick ? 1 : STARTS;
      await forEach(proxies, samples, place, async (proxy) => {
        const each: Sample[] = [];
        for (let start = 0; start < starts; start++) {
          const value = await secondsUntilServed(proxy, place);
          if (start > 0 || place.quick) each.push({ row: row.id, value });
        }
        return each;
      });
      return samples;
    },
  };
}

async function secondsUntilServed(
  proxy: Proxy,
  { certificates, directory }: Place,
): Promise<number> {
  const backend = await startBackend("load");
  const load = new Load("load");
  const setup = { backendPort: backend.port, certificate: certificates.p256, directory };
  try {
    // The client runs before the proxy is started.
    await load.run({ ...JOB, kind: "hold", amount: 0, port: 0 });
    const begin = performance.now();
    const { child, port } = spawnProxy(proxy, setup, "any");
    try {
      await load.run({ ...JOB, kind: "first", amount: 1, port });
      return (performance.now() - begin) / 1000;
    } catch (cause) {
      throw new Error(`${proxy.name} served nobody: ${child.output}`, { cause });
    } finally {
      await child.end();
    }
  } finally {
    await Promise.all([load.end(), backend.end()]);
  }
}

const JOB = { connections: 1, version: "TLSv1.3", seconds: 20 } as const;
const STARTS = 4;
