/** An end that is not orderly never looks orderly on the other side, and loses nothing that came before. */

import { assert, assertEquals } from "../support/assert.ts";
import { Shared } from "../support/shared.ts";
import { connectTls, receive, receiveText, send } from "../support/tls_client.ts";
import { closeQuietly } from "../support/backend.ts";
import { eachOf } from "../support/crowd.ts";
import { resetConnection } from "../support/reset.ts";
import { Site } from "../support/site.ts";
import { Wire } from "../support/wire.ts";

const linux = { linux: true };

const sites = new Shared(() => Site.start());

sites.test(
  linux,
  "a client's FIN without close_notify reaches the backend as a reset",
  async (site) => {
    await using wire = new Wire(site.port);
    using client = await connectTls(wire.port, site.pem);
    const peer = await site.backend.accept();
    await send(client, "cut off");
    assertEquals(await receiveText(peer, 7), "cut off");
    await wire.endWithFin();
    const { text, end } = await receive(peer);
    assertEquals(text, "");
    assert(/reset/i.test(end), `the backend saw this end: ${end}\n${site.stud.report()}`);
    await site.released();
  },
);

sites.test(
  linux,
  "a client's reset releases both sides and reaches the backend as a reset",
  async (site) => {
    const { client, peer } = await site.connectThrough();
    await send(client, "hello");
    assertEquals(await receiveText(peer, 5), "hello");
    resetConnection(client);
    const { end } = await receive(peer);
    assert(/reset/i.test(end), `the backend saw this end: ${end}\n${site.stud.report()}`);
    await site.released();
    client.close();
  },
);

sites.test(
  linux,
  "a client's reset in the middle of a download releases both sides",
  async (site) => {
    const { client, peer } = await site.connectThrough();
    const sending = sendWithoutEnd(peer);
    await receiveText(client, 1 << 20);
    resetConnection(client);
    await sending;
    await site.released();
    closeQuietly(client);
  },
);

sites.test(
  linux,
  "a client's reset in the middle of an upload releases both sides",
  async (site) => {
    const { client, peer } = await site.connectThrough();
    const sending = sendWithoutEnd(client);
    await receiveText(peer, 1 << 20);
    resetConnection(client);
    const { end } = await receive(peer);
    assert(/reset/i.test(end), `the backend saw this end: ${end}`);
    await sending;
    await site.released();
    closeQuietly(client);
  },
);

sites.test(
  linux,
  "a backend's reset never ends the client's connection cleanly, and the client gets what came before",
  async (site) => {
    for (let round = 0; round < 20; round++) {
      const { client, peer } = await site.connectThrough();
      using _ = client;
      await send(client, "question");
      assertEquals(await receiveText(peer, 8), "question");
      await send(peer, "half an answer");
      resetConnection(peer);
      const { text, end } = await receive(client);
      assertEquals(text, "half an answer", `round ${round}`);
      assert(end !== "clean", `round ${round}: the client saw a clean end\n${site.stud.report()}`);
    }
    await site.stud.output(
      /backend failed: connection (reset|gone) \(client 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+\)/,
    );
    await site.released();
  },
);

sites.test(
  {},
  "a backend that closes while the client is sending: the client gets the whole answer",
  async (site) => {
    for (let round = 0; round < 10; round++) {
      const { client, peer } = await site.connectThrough();
      using _ = client;
      const sending = sendWithoutEnd(client);
      await receiveText(peer, 100_000);
      const answer = `answer ${round} `.repeat(1_000);
      await send(peer, answer);
      peer.close();
      const { text } = await receive(client);
      assertEquals(text.length, answer.length, `round ${round}\n${site.stud.report()}`);
      assertEquals(text, answer);
      closeQuietly(client);
      await sending;
    }
  },
);

sites.test(
  linux,
  "a backend's reset in the middle of an upload never ends the client's connection cleanly",
  async (site) => {
    const backend = (async () => {
      for (let count = 0; count < 20; count++) {
        const peer = await site.backend.accept();
        await receiveText(peer, 100_000);
        await send(peer, "half an answer");
        resetConnection(peer);
      }
    })();
    const clients = eachOf(20, 20, async () => {
      using client = await site.connect();
      const sending = sendWithoutEnd(client);
      const { text, end } = await receive(client);
      closeQuietly(client);
      await sending;
      assertEquals(text, "half an answer");
      assert(end !== "clean", `the client saw a clean end\n${site.stud.report()}`);
    });
    await Promise.all([backend, clients]);
    await site.released();
  },
);

sites.test(
  linux,
  "a client that goes on sending to a backend that has gone is ended soon, and slowed until then",
  async (site) => {
    const { client, peer } = await site.connectThrough();
    const sending = sendWithoutEnd(client);
    await receiveText(peer, 10_000);
    await send(peer, "no more, please");
    peer.close();
    const taken = await sending;
    // Taken at full speed it would be many times as much, and nobody else would be served meanwhile.
    assert(taken < 128 << 20, `${Math.round(taken / 2 ** 20)} MiB were taken and thrown away`);
    await site.released(10_000);
    closeQuietly(client);
  },
);

/** Writes until the other side takes no more, which is an error for TCP; returns how much it took. */
async function sendWithoutEnd(to: Deno.Conn): Promise<number> {
  const bytes = new Uint8Array(64 << 10);
  let taken = 0;
  try {
    for (;;) taken += await to.write(bytes);
  } catch {
    return taken;
  }
}
