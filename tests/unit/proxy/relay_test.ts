/** The relay while nobody is at fault: octets, half-closes, back-pressure, and what it gives back. */

import fc from "fast-check";
import { newRelayBuffers } from "../../../src/proxy/relay.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { beginRelay, outcomeOf } from "../../support/fake_relay.ts";
import { NativeError } from "../../support/fake_stream.ts";
import { settled } from "../../support/manual_clock.ts";

Deno.test("bytes go both ways, and both ends in order end the relay without a fault", async () => {
  const one = beginRelay();
  one.client.deliver("request");
  one.backend.deliver("answer");
  await settled();
  assertEquals([one.backend.text, one.client.text], ["request", "answer"]);
  one.client.end();
  one.backend.end();
  assertEquals(await outcomeOf(one), "orderly");
  assert(one.client.writeEnded && one.backend.writeEnded);
  const { bytesToBackend, bytesToClient } = one.services.counters;
  assertEquals([bytesToBackend, bytesToClient], [7, 6]);
  assertEquals(one.runtime.clock.waiting, 0);
});

Deno.test("a client that has ended its side still gets its answer", async () => {
  const one = beginRelay();
  one.client.deliver("request");
  one.client.end();
  await settled();
  assertEquals([one.backend.text, one.backend.writeEnded], ["request", true]);
  assertEquals(one.client.writeEnded, false);
  one.backend.deliver("a late ");
  await one.runtime.clock.advance(20_000);
  one.backend.deliver("answer");
  one.backend.end();
  assertEquals(await outcomeOf(one), "orderly");
  assertEquals([one.client.text, one.client.writeEnded], ["a late answer", true]);
});

Deno.test("a backend that has ended its side still gets what the client sends", async () => {
  const one = beginRelay();
  one.backend.deliver("greeting");
  one.backend.end();
  await settled();
  assertEquals([one.client.text, one.client.writeEnded], ["greeting", true]);
  one.client.deliver("an upload");
  await settled();
  assertEquals([one.backend.text, one.backend.writeEnded], ["an upload", false]);
  one.client.end();
  assertEquals(await outcomeOf(one), "orderly");
});

Deno.test("every byte arrives once and in order, one by one and in any pieces", async () => {
  const parts = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 10 });
  const limit = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 100 }), fc.constant(Infinity));
  const how = fc.record({ up: parts, down: parts, reads: limit, writes: limit });
  await fc.assert(
    fc.asyncProperty(how, async ({ up, down, reads, writes }) => {
      const one = beginRelay();
      for (const side of [one.client, one.backend]) {
        side.longestRead = reads;
        side.longestWrite = writes;
      }
      for (const part of up) one.client.deliver(part);
      for (const part of down) one.backend.deliver(part);
      one.client.end();
      one.backend.end();
      assertEquals(await outcomeOf(one), "orderly");
      assertEquals([...one.backend.bytes], up.flatMap((part) => [...part]));
      assertEquals([...one.client.bytes], down.flatMap((part) => [...part]));
    }),
    { numRuns: 60 },
  );
});

Deno.test("a side that takes nothing holds up the other one's sending, and nothing else", async () => {
  const one = beginRelay();
  one.client.hold();
  const large = new Uint8Array(1 << 20);
  one.backend.deliver(large);
  one.client.deliver("still heard");
  await one.runtime.clock.advance(60_000);
  // One buffer's worth has been read and waits to be written.
  assertEquals(one.backend.taken, one.client.waitingWrite);
  assert(one.backend.taken <= 128 << 10);
  assertEquals(one.backend.text, "still heard");
  one.client.release();
  one.backend.end();
  one.client.end();
  assertEquals(await outcomeOf(one), "orderly");
  assertEquals(one.client.bytes.length, large.length);
});

Deno.test("an upload is read no further than the backend takes it", async () => {
  const one = beginRelay();
  one.backend.hold();
  one.client.longestRead = 16 << 10; // A TLS record.
  one.client.deliver(new Uint8Array(1 << 20));
  await settled();
  const taken = one.client.taken;
  assert(taken > 0 && taken <= 2 * (64 << 10), `${taken}`);
  await one.runtime.clock.advance(60_000);
  assertEquals(one.client.taken, taken);
});

Deno.test("an idle relay holds small buffers, and gives them back at its end", async () => {
  const one = beginRelay();
  await settled();
  const [up, down] = [one.client.waitingBuffer!, one.backend.waitingBuffer!];
  assert(up.length + down.length <= 8 << 10, `${up.length} and ${down.length}`);
  one.client.end();
  one.backend.end();
  assertEquals(await outcomeOf(one), "orderly");
  const { fromClient, fromBackend } = one.services.buffers;
  assert(fromClient.small.take() === up && fromBackend.small.take() === down);
  // Once only: two relays must never read into the same one.
  assert(fromClient.small.take() !== up && fromBackend.small.take() !== down);
});

Deno.test("a relay that ends by a fault gives its buffers back, too", async () => {
  const one = beginRelay();
  one.backend.deliver(new Uint8Array(1 << 20));
  await settled();
  const large = one.backend.waitingBuffer!;
  one.client.fail(new NativeError("closed"));
  await one.runtime.clock.advance(100);
  assertEquals(await outcomeOf(one), "client closed");
  assert(one.services.buffers.fromBackend.large.take() === large);
});

Deno.test("buffers grow under load and are small again afterwards", async () => {
  const one = beginRelay();
  const { fromBackend } = newRelayBuffers(true);
  one.backend.deliver(new Uint8Array(1 << 20));
  await settled();
  assertEquals(one.backend.waitingRead, fromBackend.sizes.large);
  one.backend.deliver("a little");
  await settled();
  assertEquals(one.backend.waitingRead, fromBackend.sizes.small);
  one.client.end();
  one.backend.end();
  assertEquals(await outcomeOf(one), "orderly");
});

Deno.test("a stream that never has to wait lets everything else have its turn every megabyte at least", async () => {
  const one = beginRelay();
  one.backend.deliver(new Uint8Array(5 << 20));
  await settled();
  const { turns } = one.runtime.clock;
  assert(turns >= 4 && turns <= 50, `${turns} turns`);
});
