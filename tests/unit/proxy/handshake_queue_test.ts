/** How many handshakes may be under way, on a clock that the test moves. */

import type { Deadline } from "../../../src/proxy/deadline_queue.ts";
import { HandshakeQueue } from "../../../src/proxy/handshake_queue.ts";
import { assertEquals } from "../../support/assert.ts";
import { ManualClock, settled } from "../../support/manual_clock.ts";

/** A queue of so many at most. */
function newQueue(max: number) {
  const clock = new ManualClock();
  const full: number[] = [];
  const handshakes = new HandshakeQueue(clock, { timeout: 30_000, max }, (max) => full.push(max));
  const expired: string[] = [];
  const begin = (name: string) => handshakes.begin(() => expired.push(name));
  /** What waits for a change, and whether there was one. */
  const waiting = () => {
    const state = { changed: false };
    handshakes.change().then(() => state.changed = true);
    return state;
  };
  return { clock, full, handshakes, expired, begin, waiting };
}

Deno.test("there is room until as many are under way as may be, and again when one ends", async () => {
  const { clock, handshakes, begin, waiting, full } = newQueue(2);
  const first = begin("first");
  assertEquals(handshakes.hasRoom, true);
  begin("second");
  assertEquals([handshakes.hasRoom, full], [false, []]);
  const [one, other] = [waiting(), waiting()];
  await settled();
  assertEquals([one.changed, other.changed, full], [false, false, [2, 2]]);
  first.lift();
  await settled();
  assertEquals([handshakes.hasRoom, one.changed, other.changed], [true, true, true]);
  // Only the deadline of the second is left.
  assertEquals(clock.waiting, 1);
});

Deno.test("the oldest gives way 2 seconds after its beginning, once a client is there", async () => {
  const { clock, handshakes, expired, begin, waiting } = newQueue(2);
  const first = begin("first");
  await clock.advance(500);
  begin("second");
  const one = waiting();
  await clock.advance(1_499);
  assertEquals([handshakes.hasRoom, one.changed], [false, false]);
  await clock.advance(1);
  assertEquals([handshakes.hasRoom, one.changed], [true, true]);
  // Nobody has come yet.
  handshakes.makeWay();
  assertEquals(expired, []);
  begin("third");
  handshakes.makeWay();
  assertEquals(expired, ["first"]);
  assertEquals(
    [first.expired, first.early],
    [true, "gave way to a new client: --max-handshakes 2 reached"],
  );
  // The second has half a second yet.
  assertEquals(handshakes.hasRoom, false);
  begin("one too many, by another frontend");
  handshakes.makeWay();
  assertEquals([expired.length, handshakes.hasRoom], [1, false]);
  await clock.advance(500);
  assertEquals(handshakes.hasRoom, true);
});

Deno.test("use() lets more in at once, and ends those beyond a lower limit as clients come", async () => {
  const { clock, handshakes, expired, begin, waiting } = newQueue(3);
  const handshakesOf = (names: string[]): Deadline[] => names.map(begin);
  handshakesOf(["a", "b", "c"]);
  const one = waiting();
  handshakes.use({ timeout: 30_000, max: 4 });
  await settled();
  assertEquals([one.changed, handshakes.hasRoom], [true, true]);
  handshakes.use({ timeout: 30_000, max: 1 });
  assertEquals(handshakes.hasRoom, false);
  await clock.advance(2_000);
  assertEquals([handshakes.hasRoom, expired], [true, []]);
  begin("d");
  handshakes.makeWay();
  assertEquals([expired, handshakes.hasRoom], [["a", "b", "c"], false]);
});

Deno.test("wake() ends every wait, and no timer stays", async () => {
  const { clock, handshakes, begin, waiting } = newQueue(1);
  const only = begin("only");
  const [one, other] = [waiting(), waiting()];
  assertEquals(clock.waiting, 2);
  handshakes.wake();
  await settled();
  assertEquals([one.changed, other.changed, clock.waiting], [true, true, 1]);
  only.lift();
  assertEquals(clock.waiting, 0);
});
