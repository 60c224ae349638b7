/** Listening on the loop: one client for each call, addresses of all kinds, and sockets of others. */

import { PortInUseError, StartupError } from "../../../../src/errors.ts";
import { openLibc } from "../../../../src/runtime/loop/libc.ts";
import { encodeAddress, localAddress } from "../../../../src/runtime/linux/socket_address.ts";
import { countListeners } from "../../../../src/wire/listener_tables.ts";
import { assert, assertEquals, assertRejects } from "../../../support/assert.ts";
import { receiveText, send } from "../../../support/tls_client.ts";
import { closeDescriptor, loopTest } from "./loop_bed.ts";

loopTest("accept() takes one client; the others wait in the kernel's queue", async (bed) => {
  const listener = await bed.listen();
  assert(listener.acceptsInTurn);
  const { port } = listener.address;
  for (let count = 0; count < 3; count++) await bed.connect(port);
  await bed.accept(listener);
  for (let round = 0; round < 5; round++) await bed.loop.turn();
  assertEquals(await queued(port), 2);
  await bed.accept(listener);
  assertEquals(await queued(port), 1);
  await bed.accept(listener);
});

loopTest("accept() waits for a client, and for one that comes after a pause", async (bed) => {
  const listener = await bed.listen();
  for (let round = 0; round < 3; round++) {
    const accepting = bed.accept(listener);
    await bed.loop.turn();
    const peer = await bed.connect(listener.address.port);
    await send(peer, "hello");
    assertEquals(await receiveText(await accepting, 5), "hello");
    // Nobody asks, and the loop stops watching.
    for (let turn = 0; turn < 5; turn++) await bed.loop.turn();
  }
});

loopTest("accept() takes clients from all sockets of a listener that has several", async (bed) => {
  const options = { host: "127.0.0.1", port: 0, reusePort: true, listeners: 3 };
  const listener = bed.keep(await bed.network.listen(options));
  const { port } = listener.address;
  assertEquals(await listening(port), 3);
  for (let round = 0; round < 2; round++) {
    for (let count = 0; count < 20; count++) await bed.connect(port);
    assertEquals(listener.waiting!(), 20);
    for (let count = 0; count < 20; count++) await bed.accept(listener);
    assertEquals(listener.waiting!(), 0);
    // Nobody asks, and the loop stops watching.
    for (let turn = 0; turn < 5; turn++) await bed.loop.turn();
  }
  listener.close();
  assertEquals(await listening(port), 0);
});

loopTest("close() ends an accept that waits, and one that comes later", async (bed) => {
  const listener = await bed.listen();
  const accepting = bed.fault(listener.accept());
  await bed.loop.turn();
  listener.close();
  listener.close();
  assertEquals([(await accepting).kind, (await bed.fault(listener.accept())).kind], [
    "gone",
    "gone",
  ]);
});

loopTest("an IPv6 client has an IPv6 address", async (bed) => {
  const listener = await bed.listen("::1");
  const peer = await bed.connect(listener.address.port, "::1");
  const { port } = peer.localAddr as Deno.NetAddr;
  const stream = await bed.accept(listener);
  assertEquals(listener.address.host, "::1");
  assertEquals(stream.pair, { local: listener.address, peer: { host: "::1", port } });
}, { ipv6: true });

loopTest("an IPv4 client of a socket for both families has an IPv4 address", async (bed) => {
  const listener = await bed.listen("::");
  const { port: own } = listener.address;
  const peer = await bed.connect(own, "127.0.0.1");
  const { port } = peer.localAddr as Deno.NetAddr;
  const stream = await bed.accept(listener);
  assertEquals(stream.pair, {
    local: { host: "127.0.0.1", port: own },
    peer: { host: "127.0.0.1", port },
  });
}, { ipv6: true });

loopTest("an inherited socket is used as it is, though it may block", async (bed) => {
  const { descriptor, port } = inherit({ listening: true });
  const options = { host: "127.0.0.1", port, reusePort: false, descriptor };
  const listener = bed.keep(await bed.network.listen(options));
  assertEquals(listener.address, { host: "127.0.0.1", port });
  const accepting = bed.accept(listener);
  // In accept(2) of a blocking socket this would never be reached.
  await bed.loop.turn();
  const peer = await bed.connect(port);
  await send(peer, "hello");
  assertEquals(await receiveText(await accepting, 5), "hello");
});

loopTest("an inherited socket that does not listen is refused", async (bed) => {
  const { descriptor, port } = inherit({ listening: false });
  const options = { host: "127.0.0.1", port, reusePort: false, descriptor };
  const message = `cannot listen on 127.0.0.1:${port}: file descriptor ${descriptor} does not`;
  await assertRejects(() => bed.network.listen(options), StartupError, message);
  closeDescriptor(descriptor);
});

loopTest("listen() says where it cannot listen, and why, and leaves nothing open", async (bed) => {
  const { address } = await bed.listen();
  const open = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = open();
  for (let round = 0; round < 200; round++) {
    await assertRejects(
      () => bed.network.listen({ ...address, reusePort: false }),
      PortInUseError,
      `cannot listen on 127.0.0.1:${address.port}: the port is in use`,
    );
    await assertRejects(
      () => bed.network.listen({ host: "192.0.2.1", port: 0, reusePort: false }),
      StartupError,
      "cannot listen on 192.0.2.1:0: this machine has no such address",
    );
  }
  // Tests beside this one open and close something, too, but not as much.
  assert(open() < before + 200, `${open()} descriptors, ${before} before`);
});

/** A socket of this process, as another one would leave it: blocking. */
function inherit({ listening }: { readonly listening: boolean }) {
  const libc = openLibc();
  const descriptor = libc.socket(2, 1, 0);
  const address = encodeAddress({ host: "127.0.0.1", port: 0 });
  assertEquals(libc.bind(descriptor, address, address.length), 0);
  if (listening) assertEquals(libc.listen(descriptor, 10), 0);
  return { descriptor, port: localAddress(libc, descriptor)!.port };
}

/** How many sockets listen on a port of 127.0.0.1. */
async function listening(port: number): Promise<number> {
  const table = await Deno.readTextFile("/proc/net/tcp");
  return countListeners(table, { host: "127.0.0.1", port });
}

/** How many clients wait in the kernel's queue of a listening socket: proc(5), /proc/net/tcp. */
async function queued(port: number): Promise<number> {
  const table = await Deno.readTextFile("/proc/net/tcp");
  const at = port.toString(16).toUpperCase().padStart(4, "0");
  const [, waiting] = new RegExp(`:${at} 00000000:0000 0A \\w+:(\\w+)`).exec(table)!;
  return parseInt(waiting!, 16);
}
