/**
 * Thousands of quick connections all succeed and leave memory and descriptors where they were: 1,800, or
 * 60,000 with STUD_LONG_TESTS. Failing ones do not flood the log.
 */

import { assert, assertEquals } from "../support/assert.ts";
import { Backend } from "../support/backend.ts";
import { churn } from "../support/churn_process.ts";
import { eachOf } from "../support/crowd.ts";
import { residentMemory } from "../support/descriptors.ts";
import { answerTo } from "../support/raw_client.ts";
import { Site } from "../support/site.ts";
import { receive, send } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

const CONNECTIONS = Deno.env.get("STUD_LONG_TESTS") ? 60_000 : 1_800;
/** After these the worker has its working size. */
const WARM_UP = CONNECTIONS / 3;
/** MiB; the collector may be late. 20 KiB of each connection in the short run. */
const MAX_GROWTH = CONNECTIONS > 10_000 ? 40 : 24;

const quick = `${CONNECTIONS} quick connections succeed and leave nothing behind`;
testWith({ linux: true }, quick, async () => {
  await using site = await Site.startEcho();
  const { worker } = site;
  await churn(site, WARM_UP);
  await site.released();
  const before = residentMemory(worker);
  await churn(site, CONNECTIONS - WARM_UP);
  await site.released();
  const grown = residentMemory(worker) - before;
  assert(grown < MAX_GROWTH, `the worker grew by ${grown} MiB`);
  assertEquals([site.worker, site.backend.accepted], [worker, CONNECTIONS]);
  assertEquals(site.stud.stderr.match(/error: .*/g), null);
});

testWith({ linux: true }, "600 connections at the same moment all succeed", async () => {
  await using site = await Site.startEcho(["--backlog", "2000"]);
  const { worker } = site;
  await eachOf(600, 600, () => site.echoOnce());
  await site.released();
  assertEquals(site.worker, worker);
});

testWith({ linux: true }, "300 large answers, 100 at once, arrive whole", async () => {
  const answer = "a large answer ".repeat(20_000);
  const backend = Backend.serve(async (conn) => {
    await receive(conn);
    await send(conn, answer);
  });
  await using site = await Site.start({ backend, args: ["--backlog", "2000"] });
  await eachOf(300, 100, async () => {
    using client = await site.connect();
    await client.closeWrite();
    const { text, end } = await receive(client);
    assertEquals([text.length, end], [answer.length, "clean"]);
  });
  await site.released();
});

testWith({ linux: true }, "300 failing handshakes of a kind are a line and a count", async () => {
  await using site = await Site.startEcho();
  const http = new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n");
  await eachOf(300, 50, () => answerTo(site.port, http));
  await site.echoOnce();
  site.stud.signal("SIGTERM");
  await site.stud.ended();
  const lines = site.stud.stdout.split("\n").filter((line) => line.includes("handshake failed"));
  assert(lines.length <= 6, site.stud.report());
  const counted = lines.map((line) => Number(/: (\d+) more within/.exec(line)?.[1] ?? 1));
  assertEquals(counted.reduce((sum, count) => sum + count), 300, site.stud.report());
});
