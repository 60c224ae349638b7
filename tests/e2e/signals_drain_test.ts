/** TERM: no new clients, those that are here finish, and no later than the drain timeout stud ends with 0. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { eventually, pause } from "../support/eventually.ts";
import { exchange, isRefused } from "../support/ports.ts";
import { Site } from "../support/site.ts";
import { receive } from "../support/tls_client.ts";

Deno.test("SIGTERM without clients ends stud at once with status 0", async () => {
  await using site = await Site.startEcho(["-n", Deno.build.os === "linux" ? "2" : "1"]);
  await site.echoOnce();
  site.stud.signal("SIGTERM");
  // Much less than the drain timeout.
  const status = await site.stud.ended(10_000);
  assertEquals([status.code, status.signal], [0, null], site.stud.report());
  assertStringIncludes(site.stud.stdout, "stopped: 1 connection, 0 handshakes failed");
});

Deno.test("after SIGTERM in a storm a client goes on, new ones are refused, and its end is stud's", async () => {
  await using site = await Site.startEcho();
  const { port } = site;
  using client = await site.connect();
  await exchange(client);
  // New clients come before the queue is ever empty; garbage, since handshakes would take too long.
  const storm = new AbortController();
  const storms = Array.from({ length: 4 }, () => garbage(port, storm.signal));
  await site.stud.output(/handshake failed: not TLS/);
  site.stud.signal("SIGTERM");
  await site.stud.output(/draining: waiting up to 30 s for open connections/);
  // It stops accepting although there is always one more.
  await eventually("nobody listens", () => isRefused(port), 1_500);
  storm.abort();
  await Promise.all(storms);
  await exchange(client, "a request after TERM");
  await exchange(client, "and one more, of many octets".repeat(10_000));
  assertEquals(site.stud.status, undefined);
  await client.closeWrite();
  assertEquals((await receive(client)).end, "clean");
  assertEquals((await site.stud.ended()).code, 0);
});

Deno.test("the drain timeout ends a client that stays, and what waits for the backend alone", async () => {
  await using site = await Site.start({ args: ["--drain-timeout", "1"] });
  const { client: half, peer } = await site.connectThrough();
  using _half = half;
  await half.closeWrite();
  // The client has ended its side in order; its answer never comes.
  assertEquals(await receive(peer).then(({ end }) => end), "clean");
  const { client: whole } = await site.connectThrough();
  using _whole = whole;
  site.stud.signal("SIGTERM");
  const began = Date.now();
  const { end } = await receive(whole);
  assert(Date.now() - began > 800, "the client was ended within --ssl-handshake-timeout");
  assert(end !== "clean", "a client that is cut off must not take it for an orderly end");
  assertEquals((await site.stud.ended()).code, 0);
  // A worker that had to be killed could not tell what it had counted.
  assertStringIncludes(site.stud.stdout, "stopped: 2 connections");
});

Deno.test("a drain timeout of 0 ends clients at once", async () => {
  await using site = await Site.startEcho(["--drain-timeout", "0"]);
  using client = await site.connect();
  await exchange(client);
  site.stud.signal("SIGTERM");
  assertEquals((await site.stud.ended(10_000)).code, 0);
});

/** One client after the other says something that is no TLS, some hundred a second. */
async function garbage(port: number, stop: AbortSignal): Promise<void> {
  const words = new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n");
  while (!stop.aborted) {
    try {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await connection.write(words);
      await connection.read(new Uint8Array(100));
    } catch {
      // Nobody listens any more.
    }
    await pause(2);
  }
}
