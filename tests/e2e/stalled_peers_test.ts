/** Peers that take nothing are ended at their deadline, both sides released; slow ones are left alone. */

import { assert, assertEquals } from "../support/assert.ts";
import { closeQuietly, writeAll } from "../support/backend.ts";
import { EchoProcess } from "../support/echo_process.ts";
import { pause, within } from "../support/eventually.ts";
import { readPattern, writePattern } from "../support/pattern.ts";
import { Site } from "../support/site.ts";
import { connectTls, receive, receiveText, send } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";
import { Wire } from "../support/wire.ts";

const linux = { linux: true };
const STALL = ["--stall-timeout", "1"];
/** The stall limit is off: only the linger limit can end the connection. */
const LINGER = ["--linger-timeout", "1", "--stall-timeout", "0"];
const ENDED =
  /no progress within --stall-timeout or --linger-timeout \(client 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+\)/;
const MIB = 1 << 20;

testWith(linux, "a client that reads nothing is ended after --stall-timeout", async () => {
  await using site = await Site.start({ args: STALL });
  await using wire = new Wire(site.port);
  using _ = await connectTls(wire.port, site.pem);
  wire.hold();
  const peer = await site.backend.accept();
  await within(20_000, "the end of the backend's connection", writeUntilRefused(peer));
  await site.stud.output(new RegExp(`connection ended: ${ENDED.source}`));
  await site.released();
});

for (const size of [1_000, 200_000, MIB, 8 * MIB]) {
  testWith(
    linux,
    `a client that reads none of the last ${size} octets is ended after --linger-timeout`,
    async () => {
      const args = size > MIB ? [...LINGER.slice(0, 2), ...STALL] : LINGER;
      await using site = await Site.start({ args });
      await using wire = new Wire(site.port);
      using _ = await connectTls(wire.port, site.pem);
      wire.hold();
      const peer = await site.backend.accept();
      await writeAll(peer, new Uint8Array(size)).catch(() => {});
      closeQuietly(peer);
      await site.stud.output(ENDED);
      await site.released();
    },
  );
}

testWith(linux, "a client that never answers the backend's end is ended", async () => {
  await using site = await Site.start({ args: LINGER });
  const { client, peer } = await site.connectThrough();
  using _ = client;
  peer.close();
  await site.stud.output(ENDED);
  await site.released();
});

testWith(linux, "a backend that reads nothing is ended after --stall-timeout", async () => {
  await using backend = await EchoProcess.start();
  await using site = await Site.start({ args: STALL, backendAddress: backend.address });
  using client = await site.connect();
  await send(client, "echo");
  assertEquals(await receiveText(client, 4), "echo");
  backend.freeze();
  await within(20_000, "the end of the client's connection", writeUntilRefused(client));
  await site.stud.output(new RegExp(`backend failed: ${ENDED.source}`));
  await site.released();
});

testWith(linux, "a slow client that goes on reading is not ended", async () => {
  await using site = await Site.start({ args: [...STALL, ...LINGER.slice(0, 2)] });
  const { client, peer } = await site.connectThrough();
  using _ = client;
  const total = 24 * MIB;
  const writing = writePattern(peer, total).then(() => peer.close());
  // About 4 s, in which stud has always more to write than the client takes.
  assertEquals(await readPattern(client, { every: 256 << 10, rest: 40 }), total);
  await writing;
  closeQuietly(client);
  assert(!ENDED.test(site.stud.stdout), site.stud.report());
  await site.released();
});

testWith(linux, "a slow backend that goes on reading is not ended", async () => {
  await using site = await Site.start({ args: [...STALL, ...LINGER.slice(0, 2)] });
  const { client, peer } = await site.connectThrough();
  using _ = client;
  const total = 24 * MIB;
  const writing = writePattern(client, total).then(() => client.closeWrite());
  assertEquals(await readPattern(peer, { every: 256 << 10, rest: 40 }), total);
  await writing;
  peer.close();
  assertEquals((await receive(client)).end, "clean", site.stud.report());
  closeQuietly(client);
  await site.released();
});

testWith(linux, "an idle connection is not ended, however short the limits", async () => {
  await using site = await Site.startEcho([...STALL, ...LINGER.slice(0, 2)]);
  using client = await site.connect();
  await send(client, "before");
  assertEquals(await receiveText(client, 6), "before");
  await pause(3_000);
  await send(client, "after");
  assertEquals(await receiveText(client, 5), "after");
});

/** Writes until the other side takes no more, which is an error for TCP. */
async function writeUntilRefused(to: Deno.Conn): Promise<void> {
  const bytes = new Uint8Array(64 << 10);
  try {
    for (;;) await writeAll(to, bytes);
  } catch {
    // As expected.
  }
}
