/** Streams on the loop: what is done at once, what waits, and how they end. */

import { assert, assertEquals } from "../../../support/assert.ts";
import { Backend, closeQuietly } from "../../../support/backend.ts";
import { eventually, within } from "../../../support/eventually.ts";
import { readPattern, writePattern } from "../../../support/pattern.ts";
import { resetConnection } from "../../../support/reset.ts";
import { receive, receiveText, send } from "../../../support/tls_client.ts";
import type { TcpStream } from "../../../../src/runtime/runtime.ts";
import { loopTest } from "./loop_bed.ts";

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Writes until nothing more is taken; gives the write that waits, and how much was asked for. */
function fill(stream: TcpStream): { readonly waiting: Promise<number>; readonly bytes: number } {
  const part = new Uint8Array(1 << 20).fill(7);
  for (let bytes = part.length;; bytes += part.length) {
    const written = stream.write(part);
    if (written instanceof Promise) return { waiting: written, bytes };
  }
}

loopTest("read() gives at once what has come, as much as there is room for", async (bed) => {
  const { stream, peer } = await bed.accepted("hello");
  const [small, large] = [new Uint8Array(2), new Uint8Array(100)];
  assertEquals([stream.read(small), textOf(small)], [2, "he"]);
  assertEquals([stream.read(large), textOf(large.subarray(0, 3))], [3, "llo"]);
  const more = stream.read(large);
  assert(more instanceof Promise);
  await send(peer, "more");
  assertEquals([await more, textOf(large.subarray(0, 4))], [4, "more"]);
});

loopTest("a buffer that is filled exactly hides nothing that comes later", async (bed) => {
  const { stream, peer } = await bed.accepted("abcd");
  const into = new Uint8Array(4);
  assertEquals(stream.read(into), 4);
  const more = stream.read(into);
  assert(more instanceof Promise);
  await send(peer, "ef");
  assertEquals([await more, textOf(into.subarray(0, 2))], [2, "ef"]);
});

loopTest("lendNow() lends what is there, and whenReadable() reports more", async (bed) => {
  const { stream, peer } = await bed.accepted("hello");
  assert(stream.lends);
  assertEquals(textOf(stream.lendNow!(2)!), "he");
  assertEquals(textOf(stream.lendNow!(1_000)!), "llo");
  assertEquals(stream.lendNow!(1_000), undefined);
  const readable = whenReadable(stream);
  await send(peer, "more");
  await within(5_000, "something to read", readable);
  assertEquals(textOf(stream.lendNow!(1_000)!), "more");
  await peer.closeWrite();
  await within(5_000, "the end", whenReadable(stream));
  assertEquals(stream.lendNow!(1_000), null);
});

loopTest("the peer's end comes after its bytes, and stays", async (bed) => {
  const { stream, peer } = await bed.accepted("last words");
  await peer.closeWrite();
  const { text, end } = await receive(stream);
  assertEquals([text, end], ["last words", "clean"]);
  assertEquals(await stream.read(new Uint8Array(1)), null);
  await send(stream, "still heard");
  stream.closeWrite();
  assertEquals((await receive(peer)).text, "still heard");
});

loopTest("closeWrite() ends our direction only", async (bed) => {
  const { stream, peer } = await bed.accepted();
  stream.closeWrite();
  assertEquals((await receive(peer)).end, "clean");
  await send(peer, "an upload");
  assertEquals(await receiveText(stream, 9), "an upload");
  assertEquals((await bed.fault(() => stream.write(new Uint8Array(1)))).kind, "gone");
});

loopTest("the peer's reset wakes a read that waits, and nothing is unsent then", async (bed) => {
  const { stream, peer } = await bed.accepted();
  const { waiting } = fill(stream);
  const writing = bed.fault(waiting);
  const reading = bed.fault(() => stream.read(new Uint8Array(1)));
  assert(stream.unsent() > 0);
  resetConnection(peer);
  assertEquals([(await reading).kind, (await writing).party], ["reset", "client"]);
  assertEquals([stream.unsent(), stream.gone], [0, true]);
});

loopTest("reset() is a reset for the peer, and fails what waits", async (bed) => {
  const { stream, peer } = await bed.accepted();
  const { waiting } = fill(stream);
  const faults = [bed.fault(waiting), bed.fault(() => stream.read(new Uint8Array(1)))];
  stream.reset();
  assertEquals((await Promise.all(faults)).map(({ kind }) => kind), ["gone", "gone"]);
  assert(/reset/i.test((await receive(peer)).end));
  stream.reset();
});

loopTest(
  "close() fails what waits and what is tried later, and may be called again",
  async (bed) => {
    const { stream } = await bed.accepted();
    const { waiting } = fill(stream);
    const faults = [bed.fault(waiting), bed.fault(() => stream.read(new Uint8Array(1)))];
    stream.close();
    stream.close();
    assertEquals((await Promise.all(faults)).map(({ kind }) => kind), ["gone", "gone"]);
    // It is called back here too, and lendNow() tells why.
    await within(5_000, "the call", whenReadable(stream));
    const tries = [
      () => stream.read(new Uint8Array(1)),
      () => stream.write(new Uint8Array(1)),
      () => stream.closeWrite(),
      () => stream.lendNow!(1),
    ];
    for (const each of tries) assertEquals((await bed.fault(each)).kind, "gone");
    assertEquals(stream.unsent(), 0);
    stream.reset();
  },
);

loopTest("a write that waits is done once the peer has taken its bytes", async (bed) => {
  const { stream, peer } = await bed.accepted();
  const { waiting, bytes } = fill(stream);
  let done = false;
  const writing = waiting.then((count) => (done = true, count));
  await bed.loop.turn();
  assertEquals(done, false);
  const into = new Uint8Array(1 << 20);
  let taken = 0;
  while (taken < bytes) {
    const count = (await within(10_000, "octets", peer.read(into)))!;
    assert(into.subarray(0, count).every((byte) => byte === 7));
    taken += count;
  }
  assertEquals([await writing, taken], [1 << 20, bytes]);
});

loopTest("what a write was given is the caller's again at once, even if it waits", async (bed) => {
  const { stream, peer } = await bed.accepted();
  assert(stream.takesAtOnce);
  const total = 64 << 20;
  let waits = 0;
  const shared = new Uint8Array(256 << 10);
  const writing = writePattern({
    write(bytes) {
      shared.set(bytes);
      const written = stream.write(shared.subarray(0, bytes.length));
      // The next one to use the buffer.
      shared.fill(0);
      if (written instanceof Promise) waits++;
      return written;
    },
  }, total).then(() => stream.closeWrite());
  await eventually("a write waits", () => waits > 0);
  assertEquals(await readPattern(peer, { every: 8 << 20, rest: 2 }), total);
  await writing;
});

loopTest("8 MiB each way at once arrive whole", async (bed) => {
  const { stream, peer } = await bed.accepted();
  const total = 8 << 20;
  const writing = Promise.all([stream, peer].map(async (end) => {
    await writePattern(end, total);
    await end.closeWrite();
  }));
  assertEquals(await Promise.all([readPattern(stream), readPattern(peer)]), [total, total]);
  await writing;
});

loopTest("unsent() and room() follow what the peer takes", async (bed) => {
  const { stream, peer } = await bed.accepted();
  const room = stream.room!();
  assert(room > 0 && stream.unsent() === 0, `${room}`);
  const { waiting, bytes } = fill(stream);
  assert(stream.unsent() > 64 << 10, `${stream.unsent()} unsent`);
  assert(stream.room!() < room, `${stream.room!()} of ${room}`);
  const into = new Uint8Array(1 << 20);
  for (let taken = 0; taken < bytes;) taken += (await peer.read(into))!;
  await waiting;
  await eventually("everything is acknowledged", () => stream.unsent() === 0);
  assert(stream.room!() > 0);
});

loopTest(
  "a dialled stream knows both addresses, and keeps what came before the first read",
  async (bed) => {
    const listener = await bed.listen();
    await using backend = Backend.listen();
    const [host, port] = backend.address.split(",");
    const dialled = await bed.dial({ kind: "tcp", host: host!, port: Number(port) });
    const peer = await backend.accept();
    const { hostname, port: own } = peer.remoteAddr as Deno.NetAddr;
    assertEquals(dialled.pair, {
      local: { host: hostname, port: own },
      peer: { host: host!, port: Number(port) },
    });
    await send(peer, "greeting");
    await peer.closeWrite();
    assertEquals((await receive(dialled)).text, "greeting");
    listener.close();
    closeQuietly(peer);
  },
);

loopTest("an accepted stream knows both addresses, even after its end", async (bed) => {
  const { stream, peer } = await bed.accepted();
  const { port } = peer.localAddr as Deno.NetAddr;
  const { port: own } = peer.remoteAddr as Deno.NetAddr;
  const pair = { local: { host: "127.0.0.1", port: own }, peer: { host: "127.0.0.1", port } };
  stream.close();
  assertEquals(stream.pair, pair);
});

function whenReadable(stream: TcpStream): Promise<void> {
  return new Promise((resolve) => stream.whenReadable!(resolve));
}
