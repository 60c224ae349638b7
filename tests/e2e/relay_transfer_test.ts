/**
 * Large transfers are exact to the octet in both directions, and a slow reader slows the writer down instead
 * of filling stud's memory. 160 MiB each way; 1 GiB where STUD_LONG_TESTS is set.
 */

import { assert, assertEquals } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { MemoryWatch } from "../support/memory_watch.ts";
import { readPattern, writePattern } from "../support/pattern.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { receiveText, send } from "../support/tls_client.ts";

const MIB = 1 << 20;
const TOTAL = (Deno.env.get("STUD_LONG_TESTS") ? 1024 : 160) * MIB;
/** A reader that rests now and then is slower than any writer on one machine. */
const SLOW = { every: 4 * MIB, rest: 20 };
/** Most that may be under way: the socket buffers of four sockets, and stud's own few. */
const MAX_UNDER_WAY = 64 * MIB;
/** MiB that a worker may grow by, whatever the size of the transfer. */
const MAX_GROWTH = 80;

const sites = new Shared(() => Site.start());

sites.test(
  { linux: true },
  "a download to a slow reader is exact and memory stays flat",
  async (site) => {
    const { client, peer } = await site.connectThrough();
    using _ = client;
    await transfer(site, peer, client);
  },
);

sites.test(
  { linux: true },
  "an upload to a slow reader is exact and memory stays flat",
  async (site) => {
    const { client, peer } = await site.connectThrough();
    using _ = client;
    await transfer(site, client, peer);
  },
);

sites.test({}, "transfers in both directions at once are exact", async (site) => {
  const { client, peer } = await site.connectThrough();
  using _ = client;
  const total = 32 * MIB;
  const write = async (to: Deno.Conn) => {
    await writePattern(to, total);
    await to.closeWrite();
  };
  const [, , down, up] = await Promise.all([
    write(peer),
    write(client),
    readPattern(client),
    readPattern(peer),
  ]);
  assertEquals([down, up], [total, total], site.stud.report());
});

sites.test(
  {},
  "a message arrives although nothing follows it, of whatever length",
  async (site) => {
    const { client, peer } = await site.connectThrough();
    using _ = client;
    // Around the sizes of read buffers and of TLS records.
    for (
      const size of [1, 2047, 2048, 2049, 4096, 4097, 16_384, 16_385, 65_536, 131_072, 200_001]
    ) {
      const message = "m".repeat(size);
      for (const [from, to] of [[client, peer], [peer, client]] as const) {
        const arrived = receiveText(to, size);
        await send(from, message);
        assertEquals(await arrived === message, true, `${size} octets`);
      }
    }
  },
);

/** Sends the whole pattern; the reader first does not read at all until the writer is held up. */
async function transfer(site: Site, writer: Deno.Conn, reader: Deno.Conn): Promise<void> {
  using memory = new MemoryWatch(site.worker);
  let written = 0;
  const writing = (async () => {
    await writePattern(writer, TOTAL, (bytes) => written = bytes);
    await writer.closeWrite();
  })();
  let before = -1;
  await eventually("the writer is held up", () => {
    const still = written > 0 && written === before;
    before = written;
    return still;
  });
  assert(written < MAX_UNDER_WAY, `${written / MIB} MiB were taken though nobody read them`);
  assertEquals(await readPattern(reader, SLOW), TOTAL, site.stud.report());
  await writing;
  assert(memory.growth < MAX_GROWTH, `the worker grew by ${memory.growth} MiB`);
}
