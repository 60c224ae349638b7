/** Buffers that grow and shrink, and several records in one write; no octet may suffer from either. */

import fc from "fast-check";
import { type ReadBuffer, ReadBuffers } from "../../../src/proxy/read_buffer.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeStream } from "../../support/fake_stream.ts";
import { settled } from "../../support/manual_clock.ts";

/** A source that gives all it has. */
const PLAIN = { small: 4, large: 16, keepAbove: 6, record: 0 };
/** A source that gives a record of 8 octets at most per read. */
const RECORDS = { small: 2, large: 32, keepAbove: 3, record: 8 };

/** One turn: a read, and what it gave. */
async function turn(buffer: ReadBuffer): Promise<string | null> {
  const bytes = await buffer.next();
  if (bytes === null) return null;
  const text = new TextDecoder().decode(bytes);
  buffer.adapt();
  return text;
}

Deno.test("a buffer starts small, grows when it was filled and shrinks when little comes", async () => {
  const stream = new FakeStream();
  const buffer = new ReadBuffers(PLAIN).take(stream);
  const turnOf = async (text: string) => {
    const reading = turn(buffer);
    const size = stream.waitingRead;
    stream.deliver(text);
    await reading;
    return size;
  };
  assertEquals(await turnOf("abc"), 4);
  assertEquals(await turnOf("abcd"), 4);
  assertEquals(await turnOf("x".repeat(16)), 16);
  assertEquals(await turnOf("1234567"), 16);
  assertEquals(await turnOf("123456"), 16);
  assertEquals(await turnOf("a"), 4);
});

Deno.test("buffers are used again, large ones as soon as the burst is over", async () => {
  const buffers = new ReadBuffers(PLAIN);
  const stream = new FakeStream();
  const buffer = buffers.take(stream);
  stream.deliver("0123456789");
  assertEquals([await turn(buffer), await turn(buffer)], ["0123", "456789"]);
  const large = buffers.large.take();
  buffers.large.give(large);
  const other = buffers.take(stream);
  other.release();
  const again = buffers.take(stream);
  const reading = again.next();
  stream.deliver("a");
  await reading;
  again.release();
  assertEquals(buffers.large.take(), large);
});

Deno.test("only so many have large buffers at a time, the others those of a crowd", async () => {
  const buffers = new ReadBuffers({ ...PLAIN, crowd: { from: 2, size: 8 } });
  const stream = new FakeStream();
  const all = [buffers.take(stream), buffers.take(stream), buffers.take(stream)];
  const fill = async (buffer: ReadBuffer) => {
    stream.deliver("0123456789abcdefghij");
    const turns = [await turn(buffer), await turn(buffer)];
    const rest = 20 - turns.join("").length;
    for (let got = 0; got < rest;) got += (await turn(buffer))!.length;
    return turns[1]!.length;
  };
  assertEquals([await fill(all[0]!), await fill(all[1]!), await fill(all[2]!)], [16, 16, 8]);
  // It is given up like a large one, as soon as little comes.
  stream.deliver("a");
  assertEquals(await turn(all[2]!), "a");
  stream.deliver("0123456789");
  assertEquals([await turn(all[2]!), await turn(all[2]!)], ["0123", "456789"]);
  all[0]!.release();
  const next = buffers.take(stream);
  assertEquals(await fill(next), 16);
});

Deno.test("the pools keep no more than their share", () => {
  const buffers = new ReadBuffers({ small: 1 << 20, large: 4 << 20, keepAbove: 0, record: 0 });
  const [one, other] = [new Uint8Array(1), new Uint8Array(2)];
  buffers.small.give(one);
  buffers.small.give(other);
  assertEquals(buffers.small.take(), one);
  assertEquals(buffers.small.take().length, 1 << 20);
});

Deno.test("records that are there already leave together, up to what fits", async () => {
  const stream = new FakeStream();
  const buffer = new ReadBuffers(RECORDS).take(stream);
  stream.longestRead = 8;
  stream.deliver("ab".repeat(50));
  const turns: (string | null)[] = [];
  for (let got = 0; got < 100; got += turns.at(-1)!.length) turns.push(await turn(buffer));
  assertEquals(turns.join(""), "ab".repeat(50));
  assert(turns.some((text) => text!.length === 32), JSON.stringify(turns));
});

Deno.test("a read that has to wait delays nothing that was there, and its bytes come next", async () => {
  const stream = new FakeStream();
  const buffer = new ReadBuffers(RECORDS).take(stream);
  stream.longestRead = 8;
  stream.deliver("12"); // Fills the small buffer.
  assertEquals(await turn(buffer), "12");
  stream.deliver("abcdefgh");
  assertEquals(await turn(buffer), "abcdefgh");
  const next = turn(buffer);
  await settled();
  stream.deliver("xyz");
  assertEquals(await next, "xyz");
  stream.deliver("AB");
  stream.end();
  assertEquals([await turn(buffer), await turn(buffer)], ["AB", null]);
});

Deno.test("a fault behind a whole record does not cost the record", async () => {
  const stream = new FakeStream();
  const buffer = new ReadBuffers(RECORDS).take(stream);
  stream.longestRead = 8;
  stream.deliver("12");
  await turn(buffer);
  stream.deliver("abcdefgh");
  stream.fail(new Error("reset"));
  assertEquals(await turn(buffer), "abcdefgh");
  await assertRejects(() => turn(buffer), Error, "reset");
});

for (const [name, sizes] of Object.entries({ PLAIN, RECORDS })) {
  Deno.test(`no byte is lost or moved, however they come (${name})`, async () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 20 });
    const waits = fc.infiniteStream(fc.boolean());
    await fc.assert(
      fc.asyncProperty(pieces, waits, async (parts, pauses) => {
        const stream = new FakeStream();
        const buffer = new ReadBuffers(sizes).take(stream);
        if (sizes.record > 0) stream.longestRead = sizes.record;
        const got: number[] = [];
        const reading = (async () => {
          for (;;) {
            const bytes = await buffer.next();
            if (bytes === null) return;
            got.push(...bytes!);
            buffer.adapt();
          }
        })();
        for (const part of parts) {
          stream.deliver(part);
          if (pauses.next().value) await settled();
        }
        stream.end();
        await reading;
        assertEquals(got, parts.flatMap((part) => [...part]));
      }),
      { numRuns: 50 },
    );
  });
}
