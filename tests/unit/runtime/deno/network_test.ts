/** Sockets under Deno, and its errors in stud's words. */

import { Cancellation } from "../../../../src/runtime/cancellation.ts";
import type { PeerError } from "../../../../src/errors.ts";
import { StartupError } from "../../../../src/errors.ts";
import { createDenoNetwork } from "../../../../src/runtime/deno/network.ts";
import { socketDescriptors } from "../../../../src/runtime/linux/descriptors.ts";
import type { Stream } from "../../../../src/runtime/runtime.ts";
import { assert, assertEquals, assertRejects } from "../../../support/assert.ts";
import { temporaryPem } from "../../../support/certificates.ts";
import { within } from "../../../support/eventually.ts";
import { connectTls } from "../../../support/tls_client.ts";
import { hasIpv6 } from "../../../support/tools.ts";

// Loads the C library now: loaded by a test, it would count as leaked by it.
socketDescriptors();

const network = createDenoNetwork();
const LOOPBACK = { host: "127.0.0.1", port: 0 };
const patient = () => new Cancellation();

/** Certificate and key of a PEM file, and port 0 of the loopback. */
async function tlsOptions() {
  using pem = await temporaryPem();
  return {
    ...LOOPBACK,
    certificateChain: pem.certificate,
    privateKey: pem.text.slice(pem.certificate.length),
    reusePort: false,
  };
}

Deno.test("peerError() sorts native errors by kind", () => {
  const { errors } = Deno;
  const cases: [error: unknown, kind: PeerError["kind"], message: string][] = [
    [new errors.UnexpectedEof("x"), "closed", "ended without close_notify"],
    [
      new Error("peer closed connection without sending TLS close_notify"),
      "closed",
      "ended without close_notify",
    ],
    [new errors.ConnectionReset("x"), "reset", "connection reset"],
    [new errors.BrokenPipe("x"), "gone", "connection gone"],
    [new Error("Connection reset by peer (os error 104)"), "reset", "connection reset"],
    [new Error("Transport endpoint is not connected"), "gone", "connection gone"],
    [new errors.ConnectionRefused("x"), "refused", "connection refused"],
    [new errors.NotFound("x"), "refused", "no such socket"],
    [new errors.PermissionDenied("x"), "refused", "permission denied"],
    [new errors.WouldBlock("x"), "refused", "its queue of waiting connections is full"],
    [new errors.TimedOut("x"), "timeout", "connection timed out"],
    [new Error("Too many open files (os error 24)"), "resources", "out of file descriptors"],
    [new Error("Cannot allocate memory (os error 12)"), "resources", "out of memory"],
    [new Error("No route to host (os error 113)"), "unreachable", "unreachable"],
    [new Error("Network is unreachable (os error 101)"), "unreachable", "unreachable"],
    [new Error("something else"), "other", "something else"],
    ["text", "other", "text"],
  ];
  for (const [error, kind, message] of cases) {
    const peer = network.peerError(error, "backend");
    assertEquals([peer.party, peer.kind, peer.message, peer.cause], [
      "backend",
      kind,
      message,
      error,
    ]);
    assert(network.peerError(peer, "client") === peer, "an error of ours stays what it is");
  }
});

Deno.test("lookup() gives an address as it is, and the addresses of a name", async () => {
  assertEquals(await network.lookup("192.0.2.1"), ["192.0.2.1"]);
  assertEquals(await network.lookup("::1"), ["::1"]);
  const found = await network.lookup("localhost");
  assert(found.length > 0 && found.every((one) => ["127.0.0.1", "::1"].includes(one)), `${found}`);
  await assertRejects(() => network.lookup("nowhere.invalid"));
});

Deno.test("takesIpv4OnIpv6() returns what a socket for every IPv6 address does here", async () => {
  if (!hasIpv6()) return;
  using listener = Deno.listen({ hostname: "::", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const connecting = Deno.connect({ hostname: "127.0.0.1", port });
  const reached = await connecting.then((conn) => (conn.close(), true), () => false);
  assertEquals(await network.takesIpv4OnIpv6(), reached);
});

Deno.test("probe() returns the port it got, and leaves it free", async () => {
  const port = (await network.probe(LOOPBACK))!;
  assert(port > 0);
  assertEquals(await network.probe({ ...LOOPBACK, port }), port);
});

Deno.test("probe() notices a port in use, and an address that is not here", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0, reusePort: true });
  const { port } = taken.addr as Deno.NetAddr;
  const where = `cannot listen on 127.0.0.1:${port}: the port is in use`;
  await assertRejects(() => network.probe({ ...LOOPBACK, port }), StartupError, where);
  assertEquals(await network.probe({ host: "192.0.2.1", port: 0 }), undefined);
});

Deno.test("dial() connects by TCP with both addresses known", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const stream = await network.dial({ kind: "tcp", host: "127.0.0.1", port }, patient());
  const other = await listener.accept();
  assertEquals(stream.pair?.peer, { host: "127.0.0.1", port });
  assertEquals(stream.pair?.local.port, (other.remoteAddr as Deno.NetAddr).port);
  await stream.write(new TextEncoder().encode("hi"));
  await stream.closeWrite();
  const into = new Uint8Array(10);
  assertEquals([await other.read(into), await other.read(into)], [2, null]);
  stream.close();
  stream.close();
  other.close();
});

Deno.test("dial() connects to a unix socket, which has no addresses", async () => {
  const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
  try {
    using listener = Deno.listen({ transport: "unix", path: `${folder}/s` });
    const stream = await network.dial({ kind: "unix", path: `${folder}/s` }, patient());
    (await listener.accept()).close();
    assertEquals(stream.pair, undefined);
    stream.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("dial() rejects with the platform's error, in words of ours by peerError()", async () => {
  const free = (await network.probe(LOOPBACK))!;
  const faultOf = (dialing: Stream | Promise<Stream>) =>
    Promise.resolve(dialing)
      .then(() => undefined, (error) => network.peerError(error, "backend").message);
  assertEquals(
    await faultOf(network.dial({ kind: "tcp", host: "127.0.0.1", port: free }, patient())),
    "connection refused",
  );
  const missing = network.dial({ kind: "unix", path: "/no/such/socket" }, patient());
  assertEquals(await faultOf(missing), "no such socket");
});

Deno.test("dial() is cancelled by its signal", async () => {
  // 192.0.2.1 is nobody's; where the network answers for it, the dial fails by itself.
  const cancellation = new Cancellation();
  const dialing = Promise.resolve(
    network.dial({ kind: "tcp", host: "192.0.2.1", port: 9 }, cancellation),
  );
  dialing.catch(() => {});
  cancellation.cancel();
  await assertRejects(() => within(5_000, "the end of the dial", dialing));
});

Deno.test("listen() gives connections with addresses, whose directions end one by one", async () => {
  const listener = await network.listen({ ...LOOPBACK, reusePort: false });
  const { address } = listener;
  assertEquals([address.host, address.port > 0], ["127.0.0.1", true]);
  using client = await Deno.connect({ hostname: "127.0.0.1", port: address.port });
  const stream = await listener.accept();
  const { port } = client.localAddr as Deno.NetAddr;
  assertEquals(stream.pair, { local: address, peer: { host: "127.0.0.1", port } });
  await client.write(new TextEncoder().encode("ab"));
  await client.closeWrite();
  const into = new Uint8Array(4);
  assertEquals([await stream.read(into), await stream.read(into)], [2, null]);
  assertEquals(await stream.write(into.subarray(0, 2)), 2);
  await stream.closeWrite();
  const back = new Uint8Array(4);
  assertEquals([await client.read(back), await client.read(back)], [2, null]);
  assertEquals(back, into);
  stream.close();
  listener.close();
});

Deno.test("listen() says where it cannot listen, and shares a port only if it is to", async () => {
  const first = await network.listen({ ...LOOPBACK, reusePort: true });
  const { host, port } = first.address;
  const sharing = Deno.build.os === "linux"
    ? [await network.listen({ host, port, reusePort: true })]
    : [];
  const words = `127.0.0.1:${port}`;
  await assertRejects(() => network.listen({ host, port, reusePort: false }), StartupError, words);
  for (const listener of [first, ...sharing]) listener.close();
});

Deno.test("listenTls() gives connections with addresses and a handshake of their own", async () => {
  using pem = await temporaryPem();
  const listener = await network.listenTls(await tlsOptions());
  const connecting = connectTls(listener.address.port, pem);
  const stream = await listener.accept();
  await stream.handshake();
  using client = await connecting;
  assertEquals(stream.pair.local, listener.address);
  assertEquals(stream.pair.peer.port, (client.localAddr as Deno.NetAddr).port);
  await client.write(new TextEncoder().encode("hi"));
  const into = new Uint8Array(10);
  assertEquals(await stream.read(into), 2);
  const accepting = listener.accept();
  listener.close();
  listener.close();
  await assertRejects(() => accepting);
  stream.close();
  stream.close();
});

Deno.test("a handshake with something that is no TLS rejects", async () => {
  const listener = await network.listenTls(await tlsOptions());
  using client = await Deno.connect({ hostname: "127.0.0.1", port: listener.address.port });
  await client.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  const stream = await listener.accept();
  const error = await assertRejects(() => stream.handshake());
  assert(/InvalidContentType/.test(network.peerError(error, "client").message));
  stream.close();
  listener.close();
});

Deno.test("listenTls() says where it cannot listen, and why", async () => {
  const options = await tlsOptions();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  await assertRejects(
    () => network.listenTls({ ...options, port }),
    StartupError,
    `cannot listen on 127.0.0.1:${port}: the port is in use`,
  );
  await assertRejects(
    () => network.listenTls({ ...options, host: "192.0.2.1" }),
    StartupError,
    "cannot listen on 192.0.2.1:0: this machine has no such address",
  );
  await assertRejects(
    () => network.listenTls({ ...options, privateKey: "" }),
    StartupError,
    "cannot listen",
  );
});
