/** A worker without a descriptor left says so, goes on serving those it has, and recovers by itself. */

import { assertEquals } from "../support/assert.ts";
import { Backend, closeQuietly, echo, writeAll } from "../support/backend.ts";
import { realClientHello } from "../support/client_hello.ts";
import { eventually } from "../support/eventually.ts";
import { connectRaw } from "../support/raw_client.ts";
import { Site } from "../support/site.ts";
import { byLibrary } from "../support/stud.ts";
import { connectTls, receiveText, send } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

const needs = { tools: ["prlimit"], linux: true };
/** Of which the runtime itself uses some thirty. Stud raises the soft limit to the hard one. */
const LIMIT = ["prlimit", "--nofile=100:100"];
/** Each takes two descriptors. */
const CROWD = 80;

testWith(needs, "a worker out of descriptors pauses, says why, and recovers", async () => {
  const backend = Backend.serve(echo);
  await using site = await Site.start({ prefix: LIMIT, backend });
  const { worker } = site;
  await site.echoOnce();
  const attempts = Array.from({ length: CROWD }, () => connectEcho(site));
  // Node cannot leave clients to the kernel: it closes those for whom there is no room to wait either.
  const turnsAway = byLibrary({ rustls: false, openssl: false, node: true });
  const crowd = attempts.map((each) => turnsAway ? each.catch(() => undefined) : each);
  const first = await Promise.any(attempts);
  await site.stud.output(/error: .*cannot accept clients: .*\(raise it: ulimit -n/);
  // Those that are in are served on.
  await send(first, "still here");
  assertEquals(await receiveText(first, 10), "still here");
  // The others wait until these leave: nobody is taken in without a descriptor for the backend.
  await Promise.all(crowd.map(async (each) => {
    const client = await each;
    if (client !== undefined) closeQuietly(client);
  }));
  await site.released();
  await eventually("a good client is served again", async () => {
    return await site.echoOnce().then(() => true, () => false);
  });
  for (let round = 0; round < 10; round++) await site.echoOnce();
  assertEquals(site.worker, worker);
});

testWith(
  { ...needs, notOnNode: true },
  "at the limit of descriptors clients that stall give way, and honest ones are served",
  async () => {
    const prefix = ["prlimit", "--nofile=128:128"];
    // Clients that had to wait for the deadline of others would wait longer than the test.
    const args = ["--ssl-handshake-timeout", "600"];
    await using site = await Site.start({ prefix, args, backend: Backend.serve(echo) });
    const { worker } = site;
    const kept = await site.connect();
    await send(kept, "x");
    await receiveText(kept, 1);
    const hello = await realClientHello();
    const stalled: Deno.TcpConn[] = [];
    // The kernel's queue has room for a hundred.
    while (stalled.length < 120) {
      const conn = await connectRaw(site.port);
      await writeAll(conn, hello.subarray(0, hello.length >> 1));
      stalled.push(conn);
    }
    try {
      for (let round = 0; round < 10; round++) await site.echoOnce();
      await site.stud.output(/gave way to a new client: limit of open files reached/);
      // Whoever is in stays in.
      await send(kept, "still here");
      assertEquals(await receiveText(kept, 10), "still here");
    } finally {
      [...stalled, kept].forEach(closeQuietly);
    }
    await site.released();
    assertEquals(site.worker, worker);
  },
);

async function connectEcho(site: Site): Promise<Deno.TlsConn> {
  const conn = await connectTls(site.port, site.pem);
  try {
    await send(conn, "x");
    await receiveText(conn, 1);
    return conn;
  } catch (error) {
    closeQuietly(conn);
    throw error;
  }
}
