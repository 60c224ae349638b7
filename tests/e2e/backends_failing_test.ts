/** A backend that goes away in the middle: bounded time, both sides released, the next client served. */

import { assert, assertEquals } from "../support/assert.ts";
import { Backend, closeQuietly, echo, type ServeBackend, writeAll } from "../support/backend.ts";
import { EchoProcess } from "../support/echo_process.ts";
import { resetConnection } from "../support/reset.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { receive, receiveText, send } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

const linux = { linux: true };

/** What the shared backend does in the test that runs. */
let serve: ServeBackend;
const sites = new Shared(() =>
  Site.start({ backend: Backend.serve((conn) => serve(conn)), frontends: 3 })
);

testWith(linux, "a backend killed in the middle of an upload ends its clients", async () => {
  await using backend = await EchoProcess.start();
  await using site = await Site.start({ backendAddress: backend.address });
  const { worker } = site;
  const clients = await Promise.all(Array.from({ length: 20 }, async () => {
    const client = await site.connect();
    await send(client, "echo");
    assertEquals(await receiveText(client, 4), "echo");
    return client;
  }));
  const uploads = clients.map(uploadUntilRefused);
  await receiveText(clients[0]!, 1 << 18);
  backend.kill();
  await Promise.all(clients.map((client) => receive(client)));
  await Promise.all(uploads);
  for (const client of clients) closeQuietly(client);
  await site.released();
  assertEquals(site.worker, worker);
});

sites.test(
  linux,
  "a backend that resets each connection at once leaves nothing behind",
  async (site) => {
    serve = (conn) => Promise.resolve(resetConnection(conn));
    await Promise.all(Array.from({ length: 50 }, async () => {
      using client = await site.connect();
      await send(client, "hello").catch(() => {});
      const { end } = await receive(client);
      assert(end !== "clean", `the client saw a clean end\n${site.stud.report()}`);
    }));
    await site.stud.output(/backend failed: .* \(client 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+\)/);
    await site.released();
  },
);

sites.test(
  linux,
  "a backend that closes each connection at once leaves nothing behind",
  async (site) => {
    serve = () => Promise.resolve();
    await Promise.all(Array.from({ length: 50 }, async () => {
      using client = await site.connect();
      assertEquals((await receive(client)).end, "clean");
    }));
    await site.released();
  },
);

sites.test(linux, "the other clients of a failing backend go on", async (site) => {
  serve = async (conn) => {
    const wish = await receiveText(conn, 4);
    if (wish === "fail") return resetConnection(conn);
    await send(conn, wish);
    await echo(conn);
  };
  const kept: Deno.TlsConn[] = [];
  for (let round = 0; round < 20; round++) {
    const client = await site.connect();
    await send(client, round % 2 === 0 ? "keep" : "fail");
    if (round % 2 === 0) kept.push(client);
    else closeQuietly((await receive(client), client));
  }
  for (const client of kept) await send(client, "still");
  for (const client of kept) assertEquals(await receiveText(client, 9), "keepstill");
  for (const client of kept) closeQuietly(client);
  await site.released();
});

/** Uploads in the background until the connection takes no more. */
async function uploadUntilRefused(client: Deno.TlsConn): Promise<void> {
  const bytes = new Uint8Array(64 << 10);
  try {
    for (;;) await writeAll(client, bytes);
  } catch {
    // As expected.
  }
}
