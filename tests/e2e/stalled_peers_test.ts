/** Peers that take nothing are ended at their deadline, both sides released; slow ones are left alone. */

import { assertEquals } from "../support/assert.ts";
import { closeQuietly, writeAll } from "../support/backend.ts";
import { pause, within } from "../support/eventually.ts";
import { readPattern, writePattern } from "../support/pattern.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { connectTls, receive, receiveText, send } from "../support/tls_client.ts";
import { Wire } from "../support/wire.ts";

const linux = { linux: true };
const sites = new Shared(() =>
  Site.start({ args: ["--stall-timeout", "1", "--linger-timeout", "1", "--access-log=-"] })
);
/** The stall limit is off: only the linger limit can end the connection. */
const lingering = new Shared(() =>
  Site.start({ args: ["--linger-timeout", "1", "--stall-timeout", "0", "--access-log=-"] })
);
/** The line of the access log: the log itself sums repeated ones up. */
const ENDED = /^\S+ client=127\.0\.0\.1:\d+ .* end=stalled by=client /m;
/** A line of the log, or the sum of several within some seconds. */
const ended = (subject: string) =>
  new RegExp(
    `${subject}: no progress within --stall-timeout or --linger-timeout` +
      "(: \\d+ more within \\d+ s, the last one:)? \\(?client 127\\.0\\.0\\.1:\\d+ to 127\\.0\\.0\\.1:\\d+",
  );
const MIB = 1 << 20;

sites.test(linux, "a client that reads nothing is ended after --stall-timeout", async (site) => {
  await using wire = new Wire(site.port);
  using _ = await connectTls(wire.port, site.pem);
  wire.hold();
  const peer = await site.backend.accept();
  await within(20_000, "the end of the backend's connection", writeUntilRefused(peer));
  await site.stud.output(ended("connection ended"), 20_000);
  await site.released();
});

for (const size of [1_000, 200_000, MIB, 8 * MIB]) {
  const name =
    `a client that reads none of the last ${size} octets is ended after --linger-timeout`;
  (size > MIB ? sites : lingering).test(linux, name, async (site) => {
    await using wire = new Wire(site.port);
    using _ = await connectTls(wire.port, site.pem);
    wire.hold();
    const peer = await site.backend.accept();
    await writeAll(peer, new Uint8Array(size)).catch(() => {});
    closeQuietly(peer);
    await site.stud.output(ENDED);
    await site.released();
  });
}

lingering.test(linux, "a client that never answers the backend's end is ended", async (site) => {
  const { client, peer } = await site.connectThrough();
  using _ = client;
  peer.close();
  await site.stud.output(ENDED);
  await site.released();
});

sites.test(linux, "a backend that reads nothing is ended after --stall-timeout", async (site) => {
  const { client, peer } = await site.connectThrough();
  using _ = client;
  await send(client, "before");
  assertEquals(await receiveText(peer, 6), "before");
  await within(20_000, "the end of the client's connection", writeUntilRefused(client));
  await site.stud.output(ended("backend failed"), 20_000);
  await site.released();
});

sites.test(linux, "a slow client that goes on reading is not ended", async (site) => {
  const { client, peer } = await site.connectThrough();
  using _ = client;
  const total = 24 * MIB;
  const writing = writePattern(peer, total).then(() => peer.close());
  // About 4 s, in which stud has always more to write than the client takes.
  assertEquals(await readPattern(client, { every: 256 << 10, rest: 40 }), total);
  await writing;
  closeQuietly(client);
  await endsInOrder(site, client);
  await site.released();
});

sites.test(linux, "a slow backend that goes on reading is not ended", async (site) => {
  const { client, peer } = await site.connectThrough();
  using _ = client;
  const total = 24 * MIB;
  const writing = writePattern(client, total).then(() => client.closeWrite());
  assertEquals(await readPattern(peer, { every: 256 << 10, rest: 40 }), total);
  await writing;
  peer.close();
  assertEquals((await receive(client)).end, "clean", site.stud.report());
  closeQuietly(client);
  await endsInOrder(site, client);
  await site.released();
});

sites.test(linux, "an idle connection is not ended, however short the limits", async (site) => {
  const { client, peer } = await site.connectThrough();
  using _ = client;
  await send(client, "before");
  assertEquals(await receiveText(peer, 6), "before");
  await pause(3_000);
  await send(client, "after");
  assertEquals(await receiveText(peer, 5), "after");
  await send(peer, "answer");
  assertEquals(await receiveText(client, 6), "answer");
});

/** Waits for the line of a client that was not ended by stud. */
function endsInOrder({ stud }: Site, client: Deno.TlsConn): Promise<void> {
  const { port } = client.localAddr as Deno.NetAddr;
  return stud.output(new RegExp(` client=127\\.0\\.0\\.1:${port} .* end=(orderly|closed) `));
}

/** Writes until the other side takes no more, which is an error for TCP. */
async function writeUntilRefused(to: Deno.Conn): Promise<void> {
  const bytes = new Uint8Array(64 << 10);
  try {
    for (;;) await writeAll(to, bytes);
  } catch {
    // As expected.
  }
}
