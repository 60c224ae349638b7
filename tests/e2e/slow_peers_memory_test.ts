/** Peers that take next to nothing of what there is for them cost a worker a bounded amount of memory each. */

import { assert } from "../support/assert.ts";
import { Backend, closeQuietly, writeAll } from "../support/backend.ts";
import { eachOf } from "../support/crowd.ts";
import { eventually } from "../support/eventually.ts";
import { MemoryWatch } from "../support/memory_watch.ts";
import { Site } from "../support/site.ts";
import { testWith } from "../support/tools.ts";

const PEERS = 200;
/** KiB for each of them: what hitch takes. */
const MAX = 140;
const needs = { linux: true, notOnNode: true };

testWith(
  needs,
  `${PEERS} clients that read nothing of a download cost ${MAX} KiB each`,
  async () => {
    let sent = 0;
    const backend = Backend.serve(async (conn) => {
      for (const chunk = new Uint8Array(64 << 10);;) {
        await writeAll(conn, chunk);
        sent += chunk.length;
      }
    });
    await costsLess(backend, () => sent, async () => {});
  },
);

testWith(
  needs,
  `${PEERS} backends that read nothing of an upload cost ${MAX} KiB each`,
  async () => {
    let sent = 0;
    const released = Promise.withResolvers<void>();
    const backend = Backend.serve(() => released.promise);
    await costsLess(backend, () => sent, async (client) => {
      for (const chunk = new Uint8Array(64 << 10);;) {
        await writeAll(client, chunk);
        sent += chunk.length;
      }
    }, released.resolve);
  },
);

/** Connects all of them, and looks at the worker once nothing moves any more. */
async function costsLess(
  backend: Backend,
  moved: () => number,
  act: (client: Deno.TlsConn) => Promise<void>,
  release = () => {},
): Promise<void> {
  await using site = await Site.start({ backend });
  const clients: Deno.TlsConn[] = [];
  const join = async () => {
    const client = await site.connect();
    clients.push(client);
    act(client).catch(() => {});
  };
  try {
    await eachOf(20, 5, join);
    using memory = new MemoryWatch(site.worker);
    await eachOf(PEERS, 10, join);
    let [before, since] = [-1, Date.now()];
    await eventually("nothing moves any more", () => {
      if (moved() !== before) [before, since] = [moved(), Date.now()];
      return Date.now() - since > 1_500;
    }, 60_000);
    const each = memory.growth * 1024 / PEERS;
    assert(each <= MAX, `${each.toFixed(0)} KiB each`);
  } finally {
    clients.forEach(closeQuietly);
    release();
  }
}
