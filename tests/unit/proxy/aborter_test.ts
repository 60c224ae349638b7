/** Resets, at once or when what was written has arrived. */

import { Aborter, FLUSH_LIMIT } from "../../../src/proxy/aborter.ts";
import { assertEquals } from "../../support/assert.ts";
import { FakeStream, pairOf } from "../../support/fake_stream.ts";
import { ManualClock, settled } from "../../support/manual_clock.ts";

function newAborter() {
  const clock = new ManualClock();
  return { clock, stream: new FakeStream(pairOf(1)), aborter: new Aborter({ clock }) };
}

Deno.test("an abort resets the connection at once, and leaves the close to its owner", async () => {
  const { clock, stream, aborter } = newAborter();
  stream.unacknowledged = 100;
  const done = aborter.abort(stream, "now");
  assertEquals([stream.wasReset, stream.closed, clock.waiting], [true, false, 0]);
  await done;
});

Deno.test("when-sent waits for what the peer has not acknowledged, and reports when it is done", async () => {
  const { clock, stream, aborter } = newAborter();
  stream.unacknowledged = 100;
  let done = false;
  aborter.abort(stream, "when-sent").then(() => done = true);
  await clock.advance(FLUSH_LIMIT / 2);
  assertEquals([stream.wasReset, done], [false, false]);
  stream.unacknowledged = 0;
  await clock.advance(20);
  assertEquals([stream.wasReset, done, clock.waiting], [true, true, 0]);
});

Deno.test("when-sent leaves a TLS library a moment to give its records to the kernel", async () => {
  const { clock, stream, aborter } = newAborter();
  aborter.abort(stream, "when-sent");
  await settled();
  assertEquals(stream.wasReset, false);
  stream.unacknowledged = 100;
  await clock.advance(100);
  assertEquals(stream.wasReset, false);
  stream.unacknowledged = 0;
  await clock.advance(20);
  assertEquals(stream.wasReset, true);
});

Deno.test("when-sent waits no longer than its limit, and holds up no other", async () => {
  const { clock, stream: stuck, aborter } = newAborter();
  const other = new FakeStream(pairOf(2));
  stuck.unacknowledged = 100;
  aborter.abort(stuck, "when-sent");
  await clock.advance(100);
  aborter.abort(other, "when-sent");
  await clock.advance(25);
  assertEquals([stuck.wasReset, other.wasReset], [false, true]);
  await clock.advance(FLUSH_LIMIT - 100);
  assertEquals([stuck.wasReset, clock.waiting], [true, 0]);
});

Deno.test("asking again does not lengthen the limit", async () => {
  const { clock, stream, aborter } = newAborter();
  stream.unacknowledged = 100;
  aborter.abort(stream, "when-sent");
  await clock.advance(FLUSH_LIMIT / 2);
  aborter.abort(stream, "when-sent");
  await clock.advance(FLUSH_LIMIT / 2 + 20);
  assertEquals(stream.wasReset, true);
});

Deno.test("an abort that cannot wait overrides one that can, and both promises resolve", async () => {
  const { clock, stream, aborter } = newAborter();
  stream.unacknowledged = 100;
  const done: string[] = [];
  aborter.abort(stream, "when-sent").then(() => done.push("when-sent"));
  await clock.advance(50);
  aborter.abort(stream, "now").then(() => done.push("now"));
  await settled();
  assertEquals([stream.wasReset, done.sort()], [true, ["now", "when-sent"]]);
});

Deno.test("a cancelled abort resets no client, and its promise resolves", async () => {
  const { clock, stream, aborter } = newAborter();
  stream.unacknowledged = 100;
  let done = false;
  aborter.abort(stream, "when-sent").then(() => done = true);
  aborter.forget(stream);
  await clock.advance(2 * FLUSH_LIMIT);
  assertEquals([stream.wasReset, done], [false, true]);
});
