/** Which relays count as stalled, and when. */

import { type StallLimits, StallWatch, type Watched } from "../../../src/proxy/stall_watch.ts";
import { assertEquals } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";

/** A relay that is what the test says. */
class FakeRelay implements Watched {
  ended = false;
  writing = false;
  bytes = 0;
  unacknowledged = 0;
  looks = 0;
  stalls = 0;
  aborts = 0;
  onStall = () => {};

  unsent(): number {
    this.looks++;
    return this.unacknowledged;
  }

  stalled(): void {
    this.stalls++;
    this.onStall();
  }

  abort(): void {
    this.aborts++;
  }
}

function newWatch(limits: Partial<StallLimits> = {}) {
  const runtime = new FakeRuntime();
  const watch = new StallWatch(runtime, { linger: 4_000, stall: 8_000, ...limits });
  const relay = new FakeRelay();
  watch.add(relay);
  return { runtime, clock: runtime.clock, watch, relay };
}

Deno.test("a relay that is merely idle is never ended", async () => {
  const { clock, relay } = newWatch();
  await clock.advance(120_000);
  assertEquals(relay.stalls, 0);
});

Deno.test("a write that the peer does not take stalls after its limit, and not before", async () => {
  const { clock, relay } = newWatch();
  relay.writing = true;
  await clock.advance(8_000);
  assertEquals(relay.stalls, 0);
  // Seen first after a quarter of the shortest limit, and judged as often.
  await clock.advance(2_000);
  assertEquals(relay.stalls, 1);
  await clock.advance(60_000);
  assertEquals(relay.stalls, 1, "told once");
});

Deno.test("a relay one side of which has ended may linger for its limit", async () => {
  const { clock, relay } = newWatch();
  relay.ended = true;
  await clock.advance(4_000);
  assertEquals(relay.stalls, 0);
  await clock.advance(2_000);
  assertEquals(relay.stalls, 1);
});

Deno.test("progress of any kind begins the limit anew", async () => {
  const { clock, relay } = newWatch();
  relay.writing = true;
  for (let round = 0; round < 10; round++) {
    await clock.advance(6_000);
    if (round % 2 === 0) relay.bytes++;
    else relay.unacknowledged += 1_000; // The peer has taken some of what waits in the kernel.
  }
  assertEquals(relay.stalls, 0);
  await clock.advance(10_000);
  assertEquals(relay.stalls, 1);
});

Deno.test("a write that is taken in time clears the mark", async () => {
  const { clock, relay } = newWatch();
  for (let round = 0; round < 10; round++) {
    relay.writing = true;
    await clock.advance(6_000);
    relay.writing = false;
    await clock.advance(2_000);
  }
  assertEquals(relay.stalls, 0);
});

Deno.test("a stall limit of 0 means no limit, and the linger limit still counts", async () => {
  const { clock, relay } = newWatch({ stall: 0 });
  relay.writing = true;
  await clock.advance(120_000);
  assertEquals(relay.stalls, 0);
  relay.ended = true;
  await clock.advance(6_000);
  assertEquals(relay.stalls, 1);
});

Deno.test("only relays at risk are asked what is unsent", async () => {
  const { clock, relay } = newWatch();
  await clock.advance(100_000);
  assertEquals(relay.looks, 0);
  relay.writing = true;
  await clock.advance(1_000);
  assertEquals(relay.looks, 1);
});

Deno.test("each relay is judged by its own bytes", async () => {
  const { clock, watch, relay } = newWatch();
  const other = new FakeRelay();
  watch.add(other);
  relay.writing = other.writing = true;
  for (let round = 0; round < 10; round++) {
    other.unacknowledged++;
    await clock.advance(1_000);
  }
  assertEquals([relay.stalls, other.stalls], [1, 0]);
});

Deno.test("no timer is left when nothing is watched", () => {
  const { clock, watch, relay } = newWatch();
  assertEquals(clock.waiting, 1);
  watch.delete(relay);
  assertEquals(clock.waiting, 0);
  watch.add(relay);
  assertEquals(clock.waiting, 1);
});

Deno.test("abortAll() ends every relay that is left", () => {
  const { watch, relay } = newWatch();
  const gone = new FakeRelay();
  watch.add(gone);
  watch.delete(gone);
  watch.abortAll();
  assertEquals([relay.aborts, gone.aborts], [1, 0]);
});

Deno.test("very short and very long limits are looked at neither too often nor too seldom", async () => {
  const short = newWatch({ linger: 100 });
  short.relay.ended = true;
  await short.clock.advance(300);
  assertEquals(short.relay.stalls, 1);
  const long = newWatch({ linger: 120_000, stall: 120_000 });
  long.relay.writing = true;
  await long.clock.advance(140_000);
  assertEquals(long.relay.stalls, 1);
});

Deno.test("use() judges relays that are there by other limits", async () => {
  const { clock, watch, relay } = newWatch({ stall: 0 });
  relay.writing = true;
  await clock.advance(60_000);
  assertEquals(relay.stalls, 0);
  watch.use({ linger: 4_000, stall: 2_000 });
  await clock.advance(4_000);
  assertEquals(relay.stalls, 1);
});
