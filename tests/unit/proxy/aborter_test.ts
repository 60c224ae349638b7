/** Resets, gathered and carried out together, once what was written has arrived. */

import { Aborter, FLUSH_LIMIT } from "../../../src/proxy/aborter.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { FakeStream, pairOf } from "../../support/fake_stream.ts";
import { settled } from "../../support/manual_clock.ts";

function newAborter(count = 1) {
  const runtime = new FakeRuntime();
  const streams = Array.from({ length: count }, (_, index) => new FakeStream(pairOf(index + 1)));
  runtime.kernel!.streams.push(...streams);
  return { runtime, streams, stream: streams[0]!, aborter: new Aborter(runtime) };
}

Deno.test("an abort resets the connection and tells when that is done", async () => {
  const { runtime, stream, aborter } = newAborter();
  let done = false;
  aborter.abort(stream, "now").then(() => done = true);
  await settled();
  assertEquals([stream.wasReset, done], [false, false]);
  await runtime.clock.advance(10);
  assertEquals([stream.wasReset, done, stream.closed], [true, true, false]);
  assertEquals(runtime.clock.waiting, 0);
});

Deno.test("a thousand aborts at once cost one look at what is sent and one at what is reset", async () => {
  const { runtime, streams, aborter } = newAborter(1_000);
  for (const stream of streams) aborter.abort(stream, "now");
  await runtime.clock.advance(10);
  assert(streams.every((stream) => stream.wasReset));
  assert(runtime.kernel!.walks <= 2);
});

Deno.test("when-sent waits for what the peer has not acknowledged", async () => {
  const { runtime, stream, aborter } = newAborter();
  stream.unsent = 100;
  aborter.abort(stream, "when-sent");
  await runtime.clock.advance(FLUSH_LIMIT / 2);
  assertEquals(stream.wasReset, false);
  stream.unsent = 0;
  await runtime.clock.advance(100);
  assertEquals(stream.wasReset, true);
});

Deno.test("when-sent waits no longer than its limit, and holds up no other", async () => {
  const { runtime, streams, aborter } = newAborter(2);
  const [stuck, other] = streams;
  stuck!.unsent = 100;
  aborter.abort(stuck!, "when-sent");
  await runtime.clock.advance(100);
  aborter.abort(other!, "now");
  await runtime.clock.advance(100);
  assertEquals([stuck!.wasReset, other!.wasReset], [false, true]);
  await runtime.clock.advance(FLUSH_LIMIT);
  assertEquals(stuck!.wasReset, true);
});

Deno.test("an abort that cannot wait overrides one that can, and both promises resolve", async () => {
  const { runtime, stream, aborter } = newAborter();
  stream.unsent = 100;
  const done: string[] = [];
  aborter.abort(stream, "when-sent").then(() => done.push("when-sent"));
  await runtime.clock.advance(50);
  aborter.abort(stream, "now").then(() => done.push("now"));
  await runtime.clock.advance(50);
  assertEquals([stream.wasReset, done], [true, ["when-sent", "now"]]);
});

Deno.test("a forgotten abort resets nobody: the addresses may be another connection's", async () => {
  const { runtime, stream, aborter } = newAborter();
  let done = false;
  aborter.abort(stream, "now").then(() => done = true);
  aborter.forget(stream);
  await runtime.clock.advance(5_000);
  assertEquals([stream.wasReset, done], [false, true]);
});

Deno.test("what the kernel does not know is closed", async () => {
  const { runtime, aborter } = newAborter();
  const unknown = new FakeStream(pairOf(99));
  aborter.abort(unknown, "now");
  await runtime.clock.advance(10);
  assertEquals([unknown.wasReset, unknown.closed], [false, true]);
});

Deno.test("what has no addresses, or no kernel to ask, is closed at once", async () => {
  const { runtime, stream, aborter } = newAborter();
  let closed = 0;
  const close = () => void closed++;
  await aborter.abort({ pair: undefined, close }, "now");
  await aborter.abort({
    get pair(): undefined {
      throw new Error("not connected");
    },
    close,
  }, "now");
  assertEquals(closed, 2);
  runtime.kernel = undefined;
  await aborter.abort(stream, "when-sent");
  assertEquals(stream.closed, true);
});
