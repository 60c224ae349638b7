/**
 * `--client`: plaintext in, TLS out, with the same care for ends as the other way round. One stud connects to what each
 * test leads it to.
 */

import { assert, assertEquals } from "../support/assert.ts";
import { Backend, closeQuietly, echo } from "../support/backend.ts";
import { temporaryPem } from "../support/certificates.ts";
import { Junction } from "../support/junction.ts";
import { OutgoingSite } from "../support/outgoing_site.ts";
import { readPattern, writePattern } from "../support/pattern.ts";
import { connectRaw } from "../support/raw_client.ts";
import { resetConnection } from "../support/reset.ts";
import { Shared } from "../support/shared.ts";
import { BY_OPENSSL, Stud, TLS_LIBRARY } from "../support/stud.ts";
import { receive, receiveText, send } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

const linux = { linux: true };

const shared = new Shared(async () => {
  const pem = await temporaryPem();
  using _ = pem;
  const junction = new Junction();
  return await OutgoingSite.start({
    junction,
    otherCas: pem.certificate,
    args: ["--stall-timeout=3"],
  });
});

shared.test(
  {},
  "through stud in both directions 10 MB arrive whole, there and back",
  async (site) => {
    await using backend = Backend.serve(echo);
    using pem = await temporaryPem();
    const frontend = ["-f", "127.0.0.1,0"];
    await using server = await Stud.start([...frontend, "-b", backend.address, pem.path]);
    site.lead(server.port);
    using conn = await connectRaw(site.stud.port);
    const total = 10_000_000;
    const writing = writePattern(conn, total).then(() => conn.closeWrite());
    assertEquals(await readPattern(conn), total, site.stud.report());
    await writing;
  },
);

shared.test({}, "each side may end first and go on receiving", async (site) => {
  for (const clientFirst of [true, false]) {
    const { client, peer } = await site.connectThrough();
    using _ = client;
    const [first, second] = clientFirst ? [client, peer] : [peer, client];
    await send(first, "question");
    await first.closeWrite();
    const question = await receive(second);
    assertEquals([question.text, question.end], ["question", "clean"]);
    await send(second, "answer");
    await second.closeWrite();
    const answer = await receive(first);
    assertEquals([answer.text, answer.end], ["answer", "clean"], site.stud.report());
  }
});

shared.test(
  linux,
  "a backend's FIN without close_notify: everything that came, then FIN",
  async (site) => {
    const { client, peer } = await site.connectThrough();
    using _ = client;
    await send(client, "question");
    assertEquals(await receiveText(peer, 8), "question");
    await send(peer, "the answer");
    assertEquals(await receiveText(client, 10), "the answer");
    await site.wire!.endAnswerWithFin();
    assertEquals((await receive(client)).end, "clean", site.stud.report());
    await client.closeWrite();
    await site.released();
    const { port } = client.localAddr as Deno.NetAddr;
    const failed = new RegExp(`backend failed.*:${port}\\b`);
    assert(!failed.test(site.stud.report()), site.stud.report());
  },
);

shared.test(
  { ...linux, notOnNode: true },
  "a backend's FIN within a TLS record is a reset",
  async (any) => {
    await using own = TLS_LIBRARY === "rustls"
      ? await OutgoingSite.start({ wired: true, args: [BY_OPENSSL] })
      : undefined;
    const site = own ?? any;
    const { client, peer } = await site.connectThrough();
    using _ = client;
    await send(peer, "half an answer");
    assertEquals(await receiveText(client, 14), "half an answer");
    site.wire!.endWithin("answer");
    await send(peer, "the other half, which never comes");
    const { end } = await receive(client);
    assert(/reset/i.test(end), `the client saw this end: ${end}\n${site.stud.report()}`);
    await site.stud.output(/backend failed: ended within a TLS record/);
    await site.released();
  },
);

shared.test(linux, "a reset goes through both ways, behind what came before", async (site) => {
  for (const fromClient of [true, false]) {
    const { client, peer } = await site.connectThrough();
    const [from, to] = fromClient ? [client, peer] : [peer, client];
    await send(from, "cut off");
    assertEquals(await receiveText(to, 7), "cut off");
    resetConnection(from);
    const { end } = await receive(to);
    assert(/reset/i.test(end), `the other side saw this end: ${end}\n${site.stud.report()}`);
    closeQuietly(client);
    closeQuietly(peer);
  }
  await site.released();
});

testWith(linux, "a backend that stalls in the handshake is cancelled at the deadline", async () => {
  await using silent = Backend.serve(async (conn) => {
    while (await conn.read(new Uint8Array(4096)) !== null);
  });
  const args = ["--backend-connect-timeout=0.5"];
  await using site = await OutgoingSite.start({ args, backendAddress: silent.address });
  const ends = await Promise.all(Array.from({ length: 20 }, async () => {
    using client = await connectRaw(site.stud.port);
    return (await receive(client)).end;
  }));
  assert(ends.every((end) => /reset/i.test(end)), `clients saw ${ends.join()}`);
  await site.stud.output(/backend failed: 127\.0\.0\.1:\d+: no TLS connection within 0\.5 s/);
  await site.released();
});

shared.test(
  linux,
  "a client that reads nothing is reset after a while, and holds nothing",
  async (site) => {
    const { client, peer } = await site.connectThrough();
    using _ = client;
    const sending = writePattern(peer, 64 << 20).then(() => "sent", () => "refused");
    assertEquals(await sending, "refused", site.stud.report());
    await site.released();
  },
);
