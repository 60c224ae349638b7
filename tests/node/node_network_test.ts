/** Listening, connecting and looking for room under Node, and what is said when that fails. */

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import process from "node:process";
import test from "node:test";
import { Cancellation } from "../../src/runtime/cancellation.ts";
import { PeerError, StartupError } from "../../src/errors.ts";
import { createNodeNetwork, MAX_WAITING } from "../../src/runtime/node/network.ts";
import type { Endpoint } from "../../src/runtime/runtime.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { within } from "../support/eventually.ts";
import { NodeAcceptor, NodePeer } from "../support/node_peer.ts";
import { receive, receiveText, send } from "../support/tls_client.ts";

const network = createNodeNetwork();
const LOOPBACK = { host: "127.0.0.1", port: 0, reusePort: false };
/** RFC 5737: no machine has it. */
const NOWHERE = { host: "192.0.2.1", port: 0, reusePort: false };

test("listen() says that a port is in use, and names it", async () => {
  await using taken = await NodeAcceptor.listen();
  const { port } = taken;
  const reason = `127.0.0.1:${port}: the port is in use, perhaps by another stud`;
  await assertRejects(() => network.listen({ ...LOOPBACK, port }), StartupError, reason);
  await assertRejects(() => network.probe({ ...LOOPBACK, port }), StartupError, reason);
});

test("listen() reports an address that the machine does not have; probe() reports nothing", async () => {
  const reason = "this machine has no such address";
  await assertRejects(() => network.listen(NOWHERE), StartupError, reason);
  assertEquals(await network.probe(NOWHERE), undefined);
});

test("listen() reports a port that needs privileges", async (context) => {
  const first = await readFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8");
  if (Number(first) <= 1) return context.diagnostic("here all ports are for everybody");
  const root = process.geteuid!() === 0;
  if (root) process.seteuid!(65534);
  try {
    await assertRejects(
      () => network.listen({ ...LOOPBACK, port: 1 }),
      StartupError,
      "permission denied; ports below 1024 need root",
    );
  } finally {
    if (root) process.seteuid!(0);
  }
});

test("probe() returns the port and leaves it free", async () => {
  const port = await network.probe(LOOPBACK);
  assert(port! > 0);
  assertEquals(await network.probe({ ...LOOPBACK, port: port! }), port);
});

test("probe() notices a port that is shared", async () => {
  const listener = await network.listen({ ...LOOPBACK, reusePort: true });
  await assertRejects(() => network.probe(listener.address), StartupError, "in use");
  listener.close();
});

test("accept() gives clients in order, whether they came before or after it", async () => {
  const listener = await network.listen(LOOPBACK);
  const peers: NodePeer[] = [];
  for (const early of [true, false, true]) {
    const later = early ? undefined : listener.accept();
    const peer = await NodePeer.connect(listener.address.port);
    peers.push(peer);
    const stream = await within(10_000, "a client", later ?? listener.accept());
    assertEquals(stream.pair, { local: peer.pair.peer, peer: peer.pair.local });
    await send(stream, "welcome");
    assertEquals(await receiveText(peer, 7), "welcome");
    stream.close();
  }
  listener.close();
  for (const peer of peers) peer.close();
});

test("close() ends an accept that waits, and clients that do", async () => {
  const listener = await network.listen(LOOPBACK);
  const { port } = listener.address;
  const accepting = listener.accept();
  accepting.catch(() => {});
  const first = await NodePeer.connect(port);
  (await accepting).close();
  const waiting = listener.accept();
  waiting.catch(() => {});
  listener.close();
  listener.close();
  await assertRejects(() => waiting, PeerError, "no longer listening");
  await assertRejects(() => listener.accept(), PeerError, "no longer listening");
  const refused = await fault(NodePeer.connect(port));
  assertEquals(refused.kind, "refused");
  first.close();
});

test("clients beyond the queue's limit are refused, and that is reported", async () => {
  const listener = await network.listen(LOOPBACK);
  const peers: NodePeer[] = [];
  for (let each = 0; each < MAX_WAITING + 1; each++) {
    peers.push(await NodePeer.connect(listener.address.port));
  }
  await receive(peers.at(-1)!);
  for (const peer of peers.slice(0, MAX_WAITING)) {
    const stream = await within(10_000, "a client", listener.accept());
    assertEquals(stream.pair.peer, peer.pair.local);
    stream.close();
  }
  const { kind, message } = await fault(listener.accept());
  assertEquals([kind, message], ["resources", "too many clients wait to be served"]);
  const next = listener.accept();
  peers.push(await NodePeer.connect(listener.address.port));
  (await within(10_000, "a client", next)).close();
  listener.close();
  for (const peer of peers) peer.close();
});

test("dial() reaches a unix socket, which has no addresses", async () => {
  const folder = await mkdtemp(`${tmpdir()}/stud-test-`);
  try {
    const path = `${folder}/backend`;
    assertEquals((await fault(dial({ kind: "unix", path }))).message, "no such socket");
    await using acceptor = await NodeAcceptor.listen({ path });
    const accepting = acceptor.accept();
    const stream = await dial({ kind: "unix", path });
    assertEquals(stream.pair, undefined);
    await send(stream, "hello");
    await stream.closeWrite();
    assertEquals((await receive(await accepting)).text, "hello");
    stream.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("dial() reports that there is no listener", async () => {
  const port = await network.probe(LOOPBACK);
  const { kind } = await fault(dial({ kind: "tcp", host: "127.0.0.1", port: port! }));
  assertEquals(kind, "refused");
});

test("dial() can be cancelled, before it begins and while it waits", async () => {
  for (const early of [true, false]) {
    const cancellation = new Cancellation();
    if (early) cancellation.cancel();
    const dialling = Promise.resolve(
      network.dial({ kind: "tcp", host: "192.0.2.1", port: 9 }, cancellation),
    );
    dialling.catch(() => {});
    cancellation.cancel();
    await within(10_000, "the end of the attempt", dialling.catch(() => {}));
    const { kind, party } = await fault(dialling);
    assertEquals([kind, party], ["other", "backend"]);
  }
});

test("takesIpv4OnIpv6() is so whatever the system's default", async () => {
  assertEquals(await network.takesIpv4OnIpv6(), true);
});

test("lookup() gives an address as it is, and the addresses of a name", async () => {
  assertEquals(await network.lookup("192.0.2.1"), ["192.0.2.1"]);
  assert((await network.lookup("localhost")).length > 0);
  await assertRejects(() => network.lookup("no-such-name.invalid"));
});

test("listenTls() says that it is not for Node", async () => {
  const options = { ...LOOPBACK, certificateChain: "", privateKey: "" };
  await assertRejects(() => network.listenTls(options), StartupError, "Node has no such library");
});

function dial(endpoint: Endpoint) {
  return network.dial(endpoint, new Cancellation());
}

/** The error of a promise that must reject, as stud's own. */
async function fault(promise: unknown): Promise<PeerError> {
  try {
    await within(10_000, "an error", promise);
  } catch (error) {
    return network.peerError(error, "backend");
  }
  throw new Error("no error");
}
