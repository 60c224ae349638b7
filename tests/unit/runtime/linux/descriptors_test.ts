/**
 * Which descriptor is which connection's: the guess against sockets of this very process, whose other tests open
 * and close some meanwhile.
 *
 * @alone Tests of other files would take the numbers that these are about to get.
 */

import {
  openSocketCalls,
  type SocketCalls,
  type SocketDescriptor,
  SocketDescriptors,
} from "../../../../src/runtime/linux/descriptors.ts";
import { OpenDescriptors } from "../../../../src/runtime/linux/open_descriptors.ts";
import { assert, assertEquals } from "../../../support/assert.ts";
import { temporaryPem } from "../../../support/certificates.ts";
import { eventually, within } from "../../../support/eventually.ts";
import { testWith } from "../../../support/tools.ts";

/** Opened outside the tests: they stay open for as long as the process lives. */
const calls = openSocketCalls()!;
const open = Deno.build.os === "linux" ? new OpenDescriptors() : undefined!;

const linux = { ignore: Deno.build.os !== "linux" };

/** Both ends of a connection, and ours as the descriptors know it. */
interface Connected extends Disposable {
  readonly ours: Deno.TcpConn;
  readonly theirs: Deno.TcpConn;
  readonly descriptor: SocketDescriptor;
}

/** Descriptors that count their calls. */
function counted() {
  let count = 0;
  const counting = Object.fromEntries(
    Object.entries(calls).map(([name, call]) => [name, (...values: unknown[]) => {
      count++;
      return (call as (...values: unknown[]) => unknown)(...values);
    }]),
  ) as unknown as SocketCalls;
  const callsOf = (work: () => void) => {
    const before = count;
    work();
    return count - before;
  };
  return { all: new SocketDescriptors(counting, open), callsOf };
}

function enter(all: SocketDescriptors, conn: Deno.Conn): SocketDescriptor {
  return all.enter(conn.localAddr as Deno.NetAddr, conn.remoteAddr as Deno.NetAddr);
}

/** A connection on the loopback that was accepted just now. */
async function connected(all: SocketDescriptors, hostname = "127.0.0.1"): Promise<Connected> {
  using listener = Deno.listen({ hostname, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const to = hostname === "::" ? "127.0.0.1" : hostname;
  const [theirs, ours] = await Promise.all([
    Deno.connect({ hostname: to, port }),
    listener.accept() as Promise<Deno.TcpConn>,
  ]);
  const descriptor = enter(all, ours);
  return {
    ...{ ours, theirs, descriptor },
    [Symbol.dispose]() {
      descriptor.release();
      ours.close();
      theirs.close();
    },
  };
}

/** How a read of one byte ends. */
function outcome(conn: Deno.Conn): Promise<unknown> {
  return conn.read(new Uint8Array(1)).catch(String);
}

Deno.test("reset() ends its own connection and no other, and wakes what waits", linux, async () => {
  const all = new SocketDescriptors(calls, open);
  using one = await connected(all);
  using two = await connected(all);
  const reading = outcome(one.ours);
  assertEquals(one.descriptor.reset(), true);
  assert(/reset|not connected/i.test(String(await within(5_000, "the waiting read", reading))));
  const seen = await within(5_000, "what the peer sees", outcome(one.theirs));
  assert(/reset/i.test(String(seen)), `the peer saw ${seen}`);
  await two.theirs.write(new Uint8Array(1));
  assertEquals(await within(5_000, "a byte", outcome(two.ours)), 1);
});

Deno.test("reset() may be called again, and after release() it does nothing", linux, async () => {
  const all = new SocketDescriptors(calls, open);
  using one = await connected(all);
  assertEquals([one.descriptor.reset(), one.descriptor.reset()], [true, true]);
  using two = await connected(all);
  two.descriptor.release();
  assertEquals([two.descriptor.reset(), two.descriptor.unsent()], [false, 0]);
  await two.theirs.write(new Uint8Array(1));
  assertEquals(await within(5_000, "a byte", outcome(two.ours)), 1);
});

Deno.test("hasSent() knows data from an end, also when the peer has reset", linux, async () => {
  const all = new SocketDescriptors(calls, open);
  const linger = new SocketDescriptors(calls, open);
  for (const sends of [false, true]) {
    for (const leave of ["stays", "ends", "resets"]) {
      using one = await connected(all);
      const theirs = enter(linger, one.theirs);
      if (sends) await one.theirs.write(new Uint8Array(1));
      if (leave === "ends") await one.theirs.closeWrite();
      if (leave === "resets") assert(theirs.reset());
      if (sends || leave !== "stays") await within(5_000, leave, outcome(one.ours));
      assertEquals(one.descriptor.hasSent(), sends, `${leave} ${sends}`);
      theirs.release();
    }
  }
  using reset = await connected(all);
  reset.descriptor.reset();
  assertEquals(reset.descriptor.hasSent(), undefined);
  using released = await connected(all);
  released.descriptor.release();
  assertEquals(released.descriptor.hasSent(), undefined);
});

Deno.test("a descriptor that has become another connection's is left alone", linux, async () => {
  const all = new SocketDescriptors(calls, open);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const theirs = await Deno.connect({ hostname: "127.0.0.1", port });
  const ours = await listener.accept();
  const stale = enter(all, ours);
  // Closed behind the back of the descriptors: as many others as it takes get their numbers.
  ours.close();
  theirs.close();
  const others = await Promise.all(Array.from({ length: 8 }, () => connected(all)));
  assertEquals([stale.reset(), stale.unsent()], [false, 0]);
  for (const other of others) {
    await other.theirs.write(new Uint8Array(1));
    assertEquals(await within(5_000, "a byte", outcome(other.ours)), 1);
    other[Symbol.dispose]();
  }
});

Deno.test("a connection costs as few calls beside many others as alone", linux, async () => {
  const { all, callsOf } = counted();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const kept: (() => void)[] = [];
  const costs: number[] = [];
  const uses: number[] = [];
  for (let index = 0; index < 300; index++) {
    const [theirs, ours] = await Promise.all([
      Deno.connect({ hostname: "127.0.0.1", port }),
      listener.accept(),
    ]);
    let descriptors: SocketDescriptor[] = [];
    costs.push(callsOf(() => descriptors = [enter(all, theirs), enter(all, ours)]));
    const [, one] = descriptors;
    uses.push(callsOf(() => void (index % 4 === 3 ? one!.reset() : one!.unsent())));
    const end = () => {
      for (const descriptor of descriptors) descriptor.release();
      ours.close();
      theirs.close();
    };
    if (index % 2 === 0) kept.push(end);
    else end();
  }
  // The first finds out what else is open. Tests beside this one may open something now and then.
  const dear = costs.slice(1).filter((cost) => cost > 12);
  assert(dear.length < 15, `dear ones: ${dear}; all: ${costs}`);
  assert(Math.max(...costs.slice(1)) < 100, `all: ${costs}`);
  assert(uses.filter((calls) => calls > 3).length < 15, `uses: ${uses}`);
  for (const end of kept) end();
});

Deno.test("a connection that was not guessed is found when it must be reset", linux, async () => {
  const { all, callsOf } = counted();
  using first = await connected(all);
  assert(first.descriptor.unsent() === 0);
  // Made without anybody's knowledge, more than a guess looks at.
  const scratch = new SocketDescriptors(calls, open);
  const unknown = await Promise.all(Array.from({ length: 60 }, () => connected(scratch)));
  const late = unknown.map(({ ours }) => enter(all, ours));
  const guessed = late.map((descriptor) => {
    let found = false;
    const cost = callsOf(() => found = descriptor.reset());
    return { found, cost };
  });
  assert(guessed.every(({ found }) => found));
  // One walk has found all of them.
  assert(guessed.filter(({ cost }) => cost > 3).length <= 1, JSON.stringify(guessed));
  for (const each of unknown) each[Symbol.dispose]();
});

Deno.test(
  "a connection that does not exist costs one walk, and is then known as gone",
  linux,
  async () => {
    const { all, callsOf } = counted();
    using one = await connected(all);
    const { localAddr, remoteAddr } = one.ours;
    const nobody = all.enter({ ...localAddr as Deno.NetAddr, port: 1 }, remoteAddr as Deno.NetAddr);
    assertEquals(nobody.reset(), false);
    assertEquals(callsOf(() => assertEquals([nobody.reset(), nobody.unsent()], [false, 0])), 0);
  },
);

Deno.test(
  "a descriptor that a close frees late is known again when it is free",
  linux,
  async () => {
    const { all, callsOf } = counted();
    const kept = await connected(all);
    for (let round = 0; round < 50; round++) {
      const one = await connected(all);
      one.descriptor.release();
      // It is still open when the next connection is looked for.
      using _next = await connected(all);
      one.ours.close();
      one.theirs.close();
    }
    let last: Connected | undefined;
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const [theirs, ours] = await Promise.all([
      Deno.connect({ hostname: "127.0.0.1", port }),
      listener.accept() as Promise<Deno.TcpConn>,
    ]);
    const cost = callsOf(() => {
      const descriptor = enter(all, ours);
      last = { ours, theirs, descriptor, [Symbol.dispose]() {} };
    });
    assert(cost < 60, `${cost} calls`);
    assertEquals(callsOf(() => last!.descriptor.reset()), 3);
    for (const conn of [ours, theirs]) conn.close();
    kept[Symbol.dispose]();
  },
);

Deno.test(
  "reset() ends a TLS connection whose handshake stalls, which close() alone does not",
  linux,
  async () => {
    using pem = await temporaryPem();
    const listener = Deno.listenTls({
      ...{ hostname: "127.0.0.1", port: 0, cert: pem.certificate },
      key: pem.text.slice(pem.certificate.length),
    });
    using client = await Deno.connect({
      hostname: "127.0.0.1",
      port: (listener.addr as Deno.NetAddr).port,
    });
    await client.write(new Uint8Array([22, 3, 1, 2, 0, 1]));
    const stalled = await listener.accept();
    const descriptor = enter(new SocketDescriptors(calls, open), stalled);
    const handshake = stalled.handshake().then(() => "done", () => "failed");
    assertEquals(descriptor.reset(), true);
    assertEquals(await within(5_000, "the handshake", handshake), "failed");
    assert(/reset/i.test(String(await within(5_000, "the client", outcome(client)))));
    stalled.close();
    listener.close();
  },
);

Deno.test("unsent() counts what the peer has not taken, of its own connection", linux, async () => {
  const all = new SocketDescriptors(calls, open);
  using full = await connected(all);
  using idle = await connected(all);
  const filling = (async () => {
    try {
      for (;;) await full.ours.write(new Uint8Array(1 << 20));
    } catch {
      // The test is over.
    }
  })();
  await eventually("a full queue", () => full.descriptor.unsent() > 100_000);
  assertEquals(idle.descriptor.unsent(), 0);
  full.descriptor.reset();
  assertEquals(full.descriptor.unsent(), 0);
  await within(5_000, "the end of the filling", filling);
});

Deno.test("a connection that its peer has reset is gone", linux, async () => {
  const all = new SocketDescriptors(calls, open);
  using one = await connected(all);
  const theirs = enter(all, one.theirs);
  assertEquals(theirs.reset(), true);
  theirs.release();
  await within(5_000, "the reset", outcome(one.ours));
  assertEquals([one.descriptor.unsent(), one.descriptor.reset()], [0, false]);
});

Deno.test("a unix socket keeps its place and is never reset", linux, async () => {
  const { all, callsOf } = counted();
  const directory = await Deno.makeTempDir();
  const path = `${directory}/socket`;
  const listener = Deno.listen({ transport: "unix", path });
  const [theirs, ours] = await Promise.all([
    Deno.connect({ transport: "unix", path }),
    listener.accept(),
  ]);
  const descriptors = [all.enter(), all.enter()];
  assertEquals(
    callsOf(() => {
      for (const each of descriptors) assertEquals([each.reset(), each.unsent()], [false, 0]);
    }),
    0,
  );
  for (const each of descriptors) each.release();
  for (const conn of [theirs, ours, listener]) conn.close();
  await Deno.remove(directory, { recursive: true });
});

testWith(
  { linux: true, ipv6: true },
  "connections over IPv6, and IPv4 ones on a socket for both, are found too",
  async () => {
    const all = new SocketDescriptors(calls, open);
    for (const hostname of ["::", "::1"]) {
      using one = await connected(all, hostname);
      assertEquals(one.descriptor.reset(), true);
    }
  },
);
