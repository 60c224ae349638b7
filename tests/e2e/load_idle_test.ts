/** Thousands of idle connections are held and work afterwards: 2,000, or 10,000 with STUD_LONG_TESTS. */

import { assert, assertEquals } from "../support/assert.ts";
import { closeQuietly } from "../support/backend.ts";
import { eachOf } from "../support/crowd.ts";
import { openSockets, residentMemory } from "../support/descriptors.ts";
import { EchoProcess } from "../support/echo_process.ts";
import { Site } from "../support/site.ts";
import { receiveText, send } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

const CLIENTS = Deno.env.get("STUD_LONG_TESTS") ? 10_000 : 2_000;
/** KiB of resident memory that one idle connection may cost, noise of small numbers included. */
const MAX_EACH = 80;

testWith({ linux: true }, `${CLIENTS} idle connections are held by two workers`, async () => {
  await using backend = await EchoProcess.start();
  const args = ["-n", "2", "--backlog", "1000"];
  await using site = await Site.start({ args, backendAddress: backend.address });
  const workers = site.stud.workers();
  const before = workers.map(residentMemory);
  const clients: Deno.TlsConn[] = [];
  try {
    await eachOf(CLIENTS, 100, async () => {
      const client = await site.connect();
      clients.push(client);
      await exchange(client, "first");
    });
    const open = workers.map(openSockets);
    const sum = open.reduce((total, count) => total + count, 0);
    assert(sum >= 2 * CLIENTS, `${sum} sockets are open`);
    assert(Math.min(...open) > CLIENTS / 4, `the workers hold ${open} sockets`);
    const grown = workers.reduce((total, pid, at) => total + residentMemory(pid) - before[at]!, 0);
    const each = grown * 1024 / CLIENTS;
    assert(each < MAX_EACH, `each connection costs ${each} KiB`);
    await eachOf(CLIENTS, 100, (at) => exchange(clients[at]!, "second"));
  } finally {
    for (const client of clients) closeQuietly(client);
  }
  await site.released(30_000);
  assertEquals(site.stud.workers(), workers);
});

async function exchange(client: Deno.TlsConn, text: string): Promise<void> {
  await send(client, text);
  assertEquals(await receiveText(client, text.length), text);
}
