/** What the peers of sockets under Node have not acknowledged, and what it costs to know. */

import test from "node:test";
import { Cancellation } from "../../src/runtime/cancellation.ts";
import { createNodeNetwork } from "../../src/runtime/node/network.ts";
import { SendQueues } from "../../src/runtime/node/send_queues.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { NodeAcceptor } from "../support/node_peer.ts";
import { readPattern, writePattern } from "../support/pattern.ts";

const network = createNodeNetwork();

for (const host of ["127.0.0.1", "::1"]) {
  test(`unsent() of a connection at ${host} follows what its peer takes`, async () => {
    await using acceptor = await NodeAcceptor.listen({ host });
    const accepting = acceptor.accept();
    const endpoint = { kind: "tcp", host, port: acceptor.port } as const;
    const stream = await network.dial(endpoint, new Cancellation());
    assertEquals(stream.unsent(), 0);
    const total = 16 << 20;
    const writing = writePattern(stream, total).then(() => stream.closeWrite());
    await eventually("bytes wait", () => stream.unsent() > 64 << 10);
    const { pair } = stream;
    const stranger = { local: pair!.peer, peer: { host, port: 1 } };
    const queues = new SendQueues();
    assert(queues.unsent(pair!) > 64 << 10);
    assert(queues.unsent(stranger) <= 1);
    assertEquals(await readPattern(await accepting), total);
    await writing;
    await eventually("nothing waits", () => stream.unsent() === 0);
    stream.close();
    assertEquals(stream.unsent(), 0);
  });
}

test("unsent() knows an IPv4 client of a socket for both families", async () => {
  const listener = await network.listen({ host: "::", port: 0, reusePort: false });
  const { port } = listener.address;
  const endpoint = { kind: "tcp", host: "127.0.0.1", port } as const;
  const client = await network.dial(endpoint, new Cancellation());
  const server = await listener.accept();
  const writing = writePattern(server, 64 << 20);
  await eventually("bytes wait", () => server.unsent() > 64 << 10);
  server.reset();
  await writing.catch(() => {});
  client.close();
  listener.close();
});

test("a look is shared by all that ask at once, and rests ten times as long as it took", () => {
  let [now, looks] = [1_000, 0];
  const read = (path: string) => {
    if (path.endsWith("tcp6")) return "header\n";
    looks++;
    now += 10;
    return `header\n   0: 0100007F:0016 0100007F:0050 01 0000000A:00000000 00:00000000 0 0 0\n`;
  };
  const queues = new SendQueues(() => now, read);
  const address = (port: number) => ({ host: "127.0.0.1", port });
  const [ours, other] = [
    { local: address(0x16), peer: address(0x50) },
    { local: address(0x16), peer: address(0x51) },
  ];
  assertEquals([queues.unsent(ours), queues.unsent(other), looks], [10, 0, 1]);
  now += 50;
  // Nobody knows what has been written since, and what waited then is no progress.
  assertEquals([queues.unsent(ours), queues.unsent(other), looks], [10, 1, 1]);
  now += 50;
  assertEquals([queues.unsent(other), looks], [0, 2]);
});
