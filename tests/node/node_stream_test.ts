/** Sockets under Node: reads that are asked for, writes that wait, ends that are told apart. */

import test from "node:test";
import { Cancellation } from "../../src/runtime/cancellation.ts";
import { createNodeNetwork } from "../../src/runtime/node/network.ts";
import { SendQueues } from "../../src/runtime/node/send_queues.ts";
import type { Stream } from "../../src/runtime/runtime.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { writeAll } from "../support/backend.ts";
import { eventually, within } from "../support/eventually.ts";
import { NodeAcceptor, NodePeer } from "../support/node_peer.ts";
import { readPattern, writePattern } from "../support/pattern.ts";
import { receive, receiveText, send } from "../support/tls_client.ts";

const network = createNodeNetwork();

/** Both ends of a connection. */
interface Ends {
  readonly ours: Stream;
  readonly theirs: NodePeer;
}

type Use = (ends: Ends) => Promise<void>;

for (const [kind, connected] of [["dialled", withDialled], ["accepted", withAccepted]] as const) {
  const stream = (what: string, use: Use) => test(`${kind}: ${what}`, () => connected(use));

  stream("the peer's end leaves our direction open", async ({ ours, theirs }) => {
    await send(theirs, "question");
    await theirs.closeWrite();
    assertEquals(await heard(ours), ["question", "clean"]);
    assertEquals(await ours.read(new Uint8Array(1)), null);
    await send(ours, "answer");
    await ours.closeWrite();
    assertEquals(await heard(theirs), ["answer", "clean"]);
  });

  stream("our end leaves the peer's direction open", async ({ ours, theirs }) => {
    await send(ours, "question");
    await ours.closeWrite();
    assertEquals(await heard(theirs), ["question", "clean"]);
    await send(theirs, "answer");
    await theirs.closeWrite();
    assertEquals(await heard(ours), ["answer", "clean"]);
  });

  stream("a write behind our end is refused and harms nothing", async ({ ours, theirs }) => {
    await ours.closeWrite();
    assertEquals(await codeOf(writeAll(ours, new Uint8Array(1))), "EPIPE");
    await send(theirs, "still");
    assertEquals(await receiveText(ours, 5), "still");
  });

  stream("reset() is a reset for the peer, and fails what waits", async ({ ours, theirs }) => {
    const reading = codeOf(ours.read(new Uint8Array(1)));
    ours.reset();
    assertEquals(await reading, "EPIPE");
    assertEquals(await codeOf(theirs.read(new Uint8Array(1))), "ECONNRESET");
  });

  stream("reset() does not wait for a peer that reads nothing", async ({ ours, theirs }) => {
    const { pair } = ours;
    const writing = codeOf(writePattern(ours, 64 << 20));
    await eventually("bytes wait", () => ours.unsent() > 64 << 10);
    ours.reset();
    assertEquals(await writing, "EPIPE");
    // Behind an end they would still wait.
    assertEquals(ours.unsent(), 0);
    const queues = new SendQueues();
    await eventually("the connection is gone", () => queues.unsent(pair!) === 0);
    theirs.close();
  });

  stream("a write waits for a peer that does not read, and goes on", async ({ ours, theirs }) => {
    const total = 32 << 20;
    let written = 0;
    const writing = writePattern(ours, total, (bytes) => written = bytes);
    let before = -1;
    await eventually("the writer is held up", () => {
      const still = written > 0 && written === before;
      before = written;
      return still;
    });
    assert(written < total, "everything was taken without a reader");
    const reading = readPattern(theirs);
    await writing;
    await ours.closeWrite();
    assertEquals(await reading, total);
  });

  stream("octets that nobody waits for are kept in order", async ({ ours, theirs }) => {
    await send(theirs, "a");
    assertEquals(await receiveText(ours, 1), "a");
    const words = ["one ", "two ", "three ", "four"];
    for (const word of words) await send(theirs, word);
    await theirs.closeWrite();
    assertEquals(await receiveText(ours, 3), "one");
    assertEquals(await heard(ours), [" two three four", "clean"]);
  });

  stream("a reset comes after the octets before it", async ({ ours, theirs }) => {
    await send(theirs, "last words");
    theirs.reset();
    assertEquals(await receiveText(ours, 10), "last words");
    assertEquals(await codeOf(ours.read(new Uint8Array(1))), "ECONNRESET");
    assertEquals(await codeOf(ours.read(new Uint8Array(1))), "ECONNRESET");
  });

  stream("a reset of a peer that was ended is a fault", async ({ ours, theirs }) => {
    await ours.closeWrite();
    assertEquals((await receive(theirs)).end, "clean");
    await send(theirs, "last words");
    theirs.reset();
    assertEquals(await receiveText(ours, 10), "last words");
    assertEquals(await codeOf(ours.read(new Uint8Array(1))), "ECONNRESET");
  });

  stream("close() may be called again, and fails what is tried later", async ({ ours }) => {
    ours.close();
    ours.close();
    assertEquals(await codeOf(ours.read(new Uint8Array(1))), "EPIPE");
    assertEquals(await codeOf(writeAll(ours, new Uint8Array(1))), "EPIPE");
    assertEquals(await codeOf(ours.closeWrite()), "EPIPE");
  });

  stream("8 MiB each way at once arrive whole", async ({ ours, theirs }) => {
    const total = 8 << 20;
    const writing = Promise.all([ours, theirs].map(async (end) => {
      await writePattern(end, total);
      await end.closeWrite();
    }));
    assertEquals(await Promise.all([readPattern(ours), readPattern(theirs)]), [total, total]);
    await writing;
  });
}

test("lent bytes that were written arrive whole, whatever is read meanwhile", async () => {
  const total = 16 << 20;
  await withDialled((from) =>
    withDialled(async (to) => {
      const relaying = relay(from.ours, to.ours);
      const noise = withDialled(async ({ ours, theirs }) => {
        const sending = writePattern(theirs, total).then(() => theirs.closeWrite());
        assertEquals(await readPattern(ours), total);
        await sending;
      });
      const sending = writePattern(from.theirs, total).then(() => from.theirs.closeWrite());
      assertEquals(await readPattern(to.theirs, { every: 4 << 20, rest: 5 }), total);
      await Promise.all([relaying, sending, noise]);
    })
  );
});

async function relay(from: Stream, to: Stream): Promise<void> {
  for (let bytes; (bytes = await from.lend!()) !== null;) {
    for (let sent = 0; sent < bytes.length;) sent += await to.write(bytes.subarray(sent));
  }
  await to.closeWrite();
}

async function withDialled(use: Use): Promise<void> {
  await using acceptor = await NodeAcceptor.listen();
  const accepting = acceptor.accept();
  const endpoint = { kind: "tcp", host: "127.0.0.1", port: acceptor.port } as const;
  const ours = await network.dial(endpoint, new Cancellation());
  try {
    await use({ ours, theirs: await accepting });
  } finally {
    ours.close();
  }
}

async function withAccepted(use: Use): Promise<void> {
  const listener = await network.listen({ host: "127.0.0.1", port: 0, reusePort: false });
  const theirs = await NodePeer.connect(listener.address.port);
  const ours = await listener.accept();
  try {
    await use({ ours, theirs });
  } finally {
    for (const each of [ours, theirs, listener]) each.close();
  }
}

/** What a peer says until its end, and how that is. */
async function heard(end: Stream | NodePeer): Promise<[string, string]> {
  const received = await receive(end);
  return [received.text, received.end];
}

/** The code of the error that a promise must reject with. */
async function codeOf(promise: unknown): Promise<string | undefined> {
  try {
    await within(10_000, "an error", promise);
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  throw new Error("no error");
}
