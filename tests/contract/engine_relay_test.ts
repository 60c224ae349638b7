/** The contract of a TLS engine: listening, plaintext both ways, and how connections end. */

import { StartupError } from "../../src/errors.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { writeAll } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { readPattern, writePattern } from "../support/pattern.ts";
import { receive, receiveText, send } from "../support/tls_client.ts";
import { contract } from "./engine_site.ts";
import { SOCKETS } from "../support/socket_settings.ts";

const CLIENT_SAYS = "from the client";
const SERVER_SAYS = "from the server";

contract("listen() tells the port that the system chose", (site) => {
  assertEquals(site.listener.address.host, "127.0.0.1");
  assert(site.listener.address.port > 0);
});

contract("listen() names an address that is taken", async (site) => {
  const engine = await site.under.make(site.configuration);
  const { address } = site.listener;
  const options = { address, reusePort: false, sockets: SOCKETS };
  await assertRejects(() => engine.listen(options), StartupError, `127.0.0.1:${site.port}`);
});

contract("pair tells both ends of the connection", async (site) => {
  const { client, accepted } = await site.pair();
  assertEquals(accepted.pair.peer, client.pair.local);
  assertEquals(accepted.pair.local, { host: "127.0.0.1", port: site.port });
});

contract("plaintext goes both ways", async (site) => {
  const { client, server } = await site.pair();
  await send(client, CLIENT_SAYS);
  assertEquals(await receiveText(server, CLIENT_SAYS.length), CLIENT_SAYS);
  await send(server, SERVER_SAYS);
  assertEquals(await receiveText(client, SERVER_SAYS.length), SERVER_SAYS);
});

contract("closeWrite() ends one direction only", async (site) => {
  const { client, server } = await site.pair();
  await send(server, SERVER_SAYS);
  await server.closeWrite();
  const { text, end } = await receive(client);
  assertEquals([text, end], [SERVER_SAYS, "clean"]);
  await send(client, CLIENT_SAYS);
  await client.closeWrite();
  const answer = await receive(server);
  assertEquals([answer.text, answer.end], [CLIENT_SAYS, "clean"]);
});

contract("closeWrite() sends close_notify before the FIN", async (site) => {
  await using wire = await site.wire();
  const { client, server } = await site.pair(wire.port);
  await send(server, SERVER_SAYS);
  await server.closeWrite();
  await receive(client);
  assertEquals(wire.engineRecords.at(-1), ALERT_RECORD);
});

contract("the client may end first and still be answered", async (site) => {
  const { client, server } = await site.pair();
  await client.closeWrite();
  assertEquals(await server.read(new Uint8Array(10)), null);
  await send(server, SERVER_SAYS);
  await server.closeWrite();
  assertEquals((await receive(client)).text, SERVER_SAYS);
});

contract("8 MiB each way at once arrive whole", async (site) => {
  const { client, server } = await site.pair();
  const total = 8 << 20;
  const writing = Promise.all([server, client].map(async (end) => {
    await writePattern(end, total);
    await end.closeWrite();
  }));
  const read = await Promise.all([readPattern(client), readPattern(server)]);
  await writing;
  assertEquals(read, [total, total]);
});

contract("a write waits for a client that does not read", async (site) => {
  const { client, server } = await site.pair();
  const total = 64 << 20;
  let written = 0;
  const writing = writePattern(server, total, (bytes) => written = bytes);
  let before = -1;
  await eventually("the writer is held up", () => {
    const still = written > 0 && written === before;
    before = written;
    return still;
  });
  assert(written < total, "64 MiB were taken without a reader");
  client.close();
  await site.fault(writing);
});

contract("a FIN without close_notify is an error of kind closed", async (site) => {
  await using wire = await site.wire();
  const { client, server } = await site.pair(wire.port);
  await send(client, CLIENT_SAYS);
  assertEquals(await receiveText(server, CLIENT_SAYS.length), CLIENT_SAYS);
  await wire.endWithFin();
  assertEquals((await site.fault(() => server.read(new Uint8Array(10)))).kind, "closed");
});

contract("a client's reset is an error of kind reset", async (site) => {
  const { client, server } = await site.pair();
  // By then the engine has no tickets to send, which would be told of the reset instead.
  await send(client, CLIENT_SAYS);
  assertEquals(await receiveText(server, CLIENT_SAYS.length), CLIENT_SAYS);
  const reading = site.fault(() => server.read(new Uint8Array(10)));
  await site.reset(client);
  assertEquals((await reading).kind, "reset");
});

contract("a reset of ours wakes a read and a write that wait", async (site) => {
  const { client, server } = await site.pair();
  const reading = site.fault(() => server.read(new Uint8Array(10)));
  const writing = site.fault(writePattern(server, 64 << 20));
  await receiveText(client, 1);
  await site.reset(server);
  await Promise.all([reading, writing]);
});

contract("close() wakes a read and a write that wait", async (site) => {
  const { client, server } = await site.pair();
  const reading = site.fault(() => server.read(new Uint8Array(10)));
  const writing = site.fault(writePattern(server, 64 << 20));
  await receiveText(client, 1);
  server.close();
  await Promise.all([reading, writing]);
});

contract("close() may be called again and never throws", async (site) => {
  const { client, server } = await site.pair();
  server.close();
  server.close();
  assert((await receive(client)).bytes.length === 0);
  site.listener.close();
  site.listener.close();
});

contract("writes after closeWrite() are refused", async (site) => {
  const { server } = await site.pair();
  await server.closeWrite();
  await site.fault(writeAll(server, new Uint8Array(1)));
});

/** Octets of an alert under TLS 1.3: itself, its type, and the tag (RFC 8446 section 5.2). */
const ALERT_RECORD = 2 + 1 + 16;
