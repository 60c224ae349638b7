/** Several addresses for one backend: who connects first is taken. */

import { Cancellation } from "../../../src/runtime/cancellation.ts";
import { DialError, StaggeredDialer } from "../../../src/proxy/staggered_dialer.ts";
import type { Endpoint, Stream } from "../../../src/runtime/runtime.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { FakeStream, NativeError } from "../../support/fake_stream.ts";
import { settled } from "../../support/manual_clock.ts";

const at = (last: number): Endpoint => ({ kind: "tcp", host: `192.0.2.${last}`, port: 80 });
const lastOf = (endpoint: Endpoint) => endpoint.kind === "tcp" ? endpoint.host.slice(8) : "";

/** A dialer for 192.0.2.1 and so on; the test says how each attempt goes, in the order they begin. */
function newDialer(addresses: number) {
  const runtime = new FakeRuntime();
  const attempts: PromiseWithResolvers<Stream>[] = [];
  const cancelled: number[] = [];
  runtime.network.answer = (_, cancellation) => {
    const attempt = Promise.withResolvers<Stream>();
    const number = attempts.push(attempt);
    cancellation.onCancel = () => {
      cancelled.push(number);
      attempt.reject(new NativeError("other", "given up"));
    };
    return attempt.promise;
  };
  const endpoints = Array.from({ length: addresses }, (_, index) => at(index + 1));
  const dialer = new StaggeredDialer(runtime, endpoints);
  const dialed = () => runtime.network.dialed.map(lastOf);
  return { runtime, clock: runtime.clock, attempts, cancelled, dialed, dialer };
}

Deno.test("the first address alone is tried while it answers, and no timer is left", async () => {
  const { clock, attempts, dialed, dialer } = newDialer(3);
  const stream = new FakeStream();
  const dialing = dialer.dial(new Cancellation());
  await clock.advance(249);
  attempts[0]!.resolve(stream);
  assert(await dialing === stream);
  assertEquals([dialed(), clock.waiting], [["1"], 0]);
});

Deno.test("an address that fails is followed by the next one at once", async () => {
  const { clock, attempts, dialed, dialer } = newDialer(3);
  const stream = new FakeStream();
  const dialing = dialer.dial(new Cancellation());
  attempts[0]!.reject(new NativeError("refused"));
  await settled();
  attempts[1]!.reject(new NativeError("refused"));
  await settled();
  attempts[2]!.resolve(stream);
  assert(await dialing === stream);
  assertEquals([dialed(), clock.now(), clock.waiting], [["1", "2", "3"], 0, 0]);
});

Deno.test("an address that is silent is joined by the next one, and left when that connects", async () => {
  const { clock, attempts, cancelled, dialed, dialer } = newDialer(3);
  const stream = new FakeStream();
  const dialing = dialer.dial(new Cancellation());
  await clock.advance(250);
  assertEquals(dialed(), ["1", "2"]);
  attempts[1]!.resolve(stream);
  assert(await dialing === stream);
  assertEquals([cancelled, clock.waiting], [[1, 2], 0]);
  await clock.advance(1_000);
  assertEquals(dialed(), ["1", "2"]);
});

Deno.test("a slow address may still be the first to connect", async () => {
  const { clock, attempts, cancelled, dialer } = newDialer(2);
  const stream = new FakeStream();
  const dialing = dialer.dial(new Cancellation());
  await clock.advance(250);
  attempts[0]!.resolve(stream);
  assert(await dialing === stream);
  assert(cancelled.includes(2));
});

Deno.test("a connection that comes a moment too late is closed", async () => {
  const { runtime, clock, attempts, dialer } = newDialer(2);
  const answer = runtime.network.answer;
  // This platform does not heed a cancellation.
  runtime.network.answer = (endpoint) => answer(endpoint, new Cancellation());
  const [first, late] = [new FakeStream(), new FakeStream()];
  const dialing = dialer.dial(new Cancellation());
  await clock.advance(250);
  attempts[1]!.resolve(first);
  attempts[0]!.resolve(late);
  assert(await dialing === first);
  assertEquals([first.closed, late.closed], [false, true]);
});

Deno.test("every address that fails is reported", async () => {
  const { attempts, dialer } = newDialer(2);
  const dialing = dialer.dial(new Cancellation());
  const failing = assertRejects(() => dialing, DialError);
  attempts[0]!.reject(new NativeError("refused"));
  await settled();
  attempts[1]!.reject(new NativeError("unreachable"));
  const { faults } = await failing;
  assertEquals(faults.map(({ endpoint, givenUp }) => [endpoint, givenUp]), [
    ...[[at(1), false], [at(2), false]],
  ]);
});

Deno.test("the caller's giving up ends every attempt and begins no other", async () => {
  const { clock, cancelled, dialed, dialer } = newDialer(3);
  const cancellation = new Cancellation();
  const failing = assertRejects(() => dialer.dial(cancellation), DialError);
  await clock.advance(250);
  cancellation.cancel();
  const { faults } = await failing;
  assertEquals([faults.map(({ givenUp }) => givenUp), cancelled], [[true, true], [1, 2]]);
  await clock.advance(1_000);
  assertEquals([dialed(), clock.waiting], [["1", "2"], 0]);
});

Deno.test("an address that was passed over comes last for ten seconds", async () => {
  const { runtime, clock, dialer } = newDialer(3);
  const tried: string[][] = [];
  const dial = async (dead: number) => {
    const before = runtime.network.dialed.length;
    runtime.network.answer = (endpoint) =>
      lastOf(endpoint) === `${dead}`
        ? Promise.reject(new NativeError("refused"))
        : Promise.resolve(new FakeStream());
    await dialer.dial(new Cancellation());
    tried.push(
      runtime.network.dialed.slice(before).map(lastOf),
    );
  };
  await dial(1);
  await dial(1);
  await clock.advance(9_999);
  await dial(2);
  await clock.advance(1);
  await dial(2);
  await clock.advance(10_000);
  await dial(1);
  assertEquals(tried, [["1", "2"], ["2"], ["2", "3"], ["1"], ["1", "2"]]);
});
