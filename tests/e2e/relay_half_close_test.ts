/** Each side may end its sending direction and go on receiving. */

import { assertEquals } from "../support/assert.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { receive, receiveText, send } from "../support/tls_client.ts";

const sites = new Shared(() => Site.start());

sites.test({}, "a client that ends its sending side still reads the answer", async (site) => {
  const { client, peer } = await site.connectThrough();
  using _ = client;
  await send(client, "the whole question");
  await client.closeWrite();
  const question = await receive(peer);
  assertEquals([question.text, question.end], ["the whole question", "clean"]);
  await send(peer, "first part, ");
  assertEquals(await receiveText(client, 12), "first part, ");
  await send(peer, "second part");
  peer.close();
  const answer = await receive(client);
  assertEquals([answer.text, answer.end], ["second part", "clean"], site.stud.report());
});

sites.test(
  {},
  "a backend that ends its sending side still gets the rest of the upload",
  async (site) => {
    const { client, peer } = await site.connectThrough();
    using _ = client;
    await send(peer, "early answer");
    await peer.closeWrite();
    const answer = await receive(client);
    assertEquals([answer.text, answer.end], ["early answer", "clean"]);
    for (let part = 0; part < 10; part++) {
      await send(client, `part ${part};`);
      assertEquals(await receiveText(peer, 7), `part ${part};`);
    }
    await client.closeWrite();
    const { text, end } = await receive(peer);
    assertEquals([text, end], ["", "clean"], site.stud.report());
  },
);

sites.test({}, "both sides end at the same time and both get everything", async (site) => {
  const { client, peer } = await site.connectThrough();
  using _ = client;
  await Promise.all([send(client, "up"), send(peer, "down")]);
  await Promise.all([client.closeWrite(), peer.closeWrite()]);
  const [up, down] = await Promise.all([receive(peer), receive(client)]);
  assertEquals([up.text, up.end], ["up", "clean"]);
  assertEquals([down.text, down.end], ["down", "clean"]);
});

sites.test(
  {},
  "a backend that closes silently ends the client's connection in order",
  async (site) => {
    const { client, peer } = await site.connectThrough();
    using _ = client;
    peer.close();
    const answer = await receive(client);
    assertEquals([answer.text, answer.end], ["", "clean"]);
    await client.closeWrite();
  },
);
