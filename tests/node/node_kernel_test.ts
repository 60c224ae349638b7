/** What Linux tells a program under Node, and what it refuses. */

import process from "node:process";
import test from "node:test";
import { Abandonment } from "../../src/abandonment.ts";
import { StartupError } from "../../src/errors.ts";
import { openNodeKernel } from "../../src/runtime/node_kernel.ts";
import { createNodeNetwork, MOST_WAITING } from "../../src/runtime/node_network.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { NodeAcceptor } from "../support/node_peer.ts";
import { readPattern, writePattern } from "../support/pattern.ts";

const kernel = openNodeKernel();
const network = createNodeNetwork();

for (const host of ["127.0.0.1", "::1"]) {
  test(`unsent() of a connection at ${host} follows what its peer takes`, async () => {
    await using acceptor = await NodeAcceptor.listen({ host });
    const accepting = acceptor.accept();
    const endpoint = { kind: "tcp", host, port: acceptor.port } as const;
    const stream = await network.dial(endpoint, new Abandonment());
    const { pair } = stream;
    const stranger = { local: pair!.peer, peer: { host, port: 1 } };
    const total = 16 << 20;
    const writing = writePattern(stream, total).then(() => stream.closeWrite());
    await eventually("octets wait", () => kernel.unsent([pair!])[0]! > 64 << 10);
    assertEquals(kernel.unsent([stranger]), [0]);
    const [strangers, ours] = kernel.unsent([stranger, pair!]);
    assert(strangers === 0 && ours! > 64 << 10, `${strangers} ${ours}`);
    assertEquals(await readPattern(await accepting), total);
    await writing;
    await eventually("nothing waits", () => kernel.unsent([pair!])[0] === 0);
    stream.close();
  });
}

test("unsent() knows an IPv4 client of a socket for both families", async () => {
  const listener = await network.listen({ host: "::", port: 0, reusePort: false });
  const { port } = listener.address;
  const endpoint = { kind: "tcp", host: "127.0.0.1", port } as const;
  const client = await network.dial(endpoint, new Abandonment());
  const server = await listener.accept();
  const writing = writePattern(server, 64 << 20);
  await eventually("octets wait", () => kernel.unsent([server.pair])[0]! > 64 << 10);
  server.reset!();
  await writing.catch(() => {});
  client.close();
  listener.close();
});

test("unsent() of no connections is nothing", () => {
  assertEquals(kernel.unsent([]), []);
});

test("raiseDescriptorLimit() leaves room for clients that wait", () => {
  const { soft } = (process.report.getReport() as unknown as {
    userLimits: { open_files: { soft: number } };
  }).userLimits.open_files;
  assertEquals(kernel.raiseDescriptorLimit(), soft - MOST_WAITING);
});

test("what Node cannot do is refused, and the option is named", () => {
  const nobody = { chroot: undefined, uid: undefined, gid: undefined };
  kernel.dropPrivileges(nobody);
  assertThrows(
    () => kernel.dropPrivileges({ ...nobody, chroot: "/" }),
    StartupError,
    "--chroot",
  );
  assertThrows(
    () => kernel.steer({ host: "127.0.0.1", port: 1 }, { first: 0, count: 2, byClient: true }),
    StartupError,
    "stud's executable",
  );
});
