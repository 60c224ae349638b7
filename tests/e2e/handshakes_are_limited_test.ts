/**
 * Clients that stall in their handshakes take no more than `--max-handshakes` places of a worker, and give way to
 * others. TCP_DEFER_ACCEPT keeps clients that say nothing in the kernel, so these say the beginning of a ClientHello.
 */

import { assert, assertEquals } from "../support/assert.ts";
import { closeQuietly, writeAll } from "../support/backend.ts";
import { realClientHello } from "../support/client_hello.ts";
import { openSockets } from "../support/descriptors.ts";
import { eventually } from "../support/eventually.ts";
import { connectRaw } from "../support/raw_client.ts";
import { ReloadingSite } from "../support/reloading_site.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { testWith } from "../support/tools.ts";

const LIMIT = 10;
/** Nobody's deadline ends within a test: a client that is served has not waited for those of others. */
const PATIENT = ["--ssl-handshake-timeout", "600"];
const needs = { linux: true, notOnNode: true };

const shared = new Shared(() => Site.startEcho(["--max-handshakes", `${LIMIT}`, ...PATIENT]));

shared.test(
  needs,
  "clients that stall beyond the limit hold up an honest one for seconds only",
  async (site) => {
    const { worker } = site;
    const idle = openSockets(worker);
    const stalled = await stall(site.port, 3 * LIMIT);
    try {
      await eventually("the limit is reached", () => openSockets(worker) >= idle + LIMIT);
      let most = 0;
      const watch = setInterval(() => most = Math.max(most, openSockets(worker) - idle), 20);
      try {
        await site.echoOnce();
      } finally {
        clearInterval(watch);
      }
      // The one that has been accepted, the honest one's backend, and those that are being reset.
      assert(most <= 2 * LIMIT, `${most} sockets for ${LIMIT} handshakes`);
      await site.stud.output(/warning: .*--max-handshakes 10 reached: new clients wait/);
      await site.stud.output(/handshake failed: gave way to a new client: --max-handshakes 10 /);
      assertEquals(site.stud.stderr.match(/new clients wait/g)?.length, 1);
    } finally {
      stalled.forEach(closeQuietly);
    }
    for (let round = 0; round < 5; round++) await site.echoOnce();
    await site.released();
    assertEquals(site.worker, worker);
  },
);

shared.test(needs, "connections that are established do not count", async (site) => {
  const clients: Deno.TlsConn[] = [];
  try {
    while (clients.length < 2 * LIMIT) clients.push(await site.connect());
    await site.echoOnce();
    assert(!site.stud.stdout.includes("gave way"), site.stud.report());
  } finally {
    clients.forEach(closeQuietly);
  }
});

testWith(needs, "a reload changes the limit in place", async () => {
  await using site = await ReloadingSite.start({ lines: ["max-handshakes = 3"] });
  const [worker] = site.stud.workers();
  const idle = openSockets(worker!);
  const stalled = await stall(site.port, 12);
  try {
    await eventually("three are in", () => openSockets(worker!) >= idle + 3);
    site.configure(["max-handshakes = 12"]);
    await site.reload();
    await eventually("all are in", () => openSockets(worker!) >= idle + 12);
    assertEquals(site.stud.workers(), [worker!]);
    await site.echoOnce();
  } finally {
    stalled.forEach(closeQuietly);
  }
});

/** Connects so many clients that send the first half of a ClientHello and no more. */
async function stall(port: number, count: number): Promise<Deno.TcpConn[]> {
  const hello = await realClientHello();
  return await Promise.all(Array.from({ length: count }, async () => {
    const conn = await connectRaw(port);
    await writeAll(conn, hello.subarray(0, hello.length >> 1));
    return conn;
  }));
}
