/** A thousand times the same, as one line and a count. */

import { Repeats, type RepeatSummary } from "../../../src/log/repeats.ts";
import { assertEquals } from "../../support/assert.ts";
import { ManualClock } from "../../support/manual_clock.ts";

function newRepeats() {
  const clock = new ManualClock();
  const summaries: RepeatSummary<string>[] = [];
  return { clock, summaries, repeats: new Repeats<string>(clock, (one) => summaries.push(one)) };
}

Deno.test("the first of a kind wants a line, the others of its window are counted", async () => {
  const { clock, summaries, repeats } = newRepeats();
  assertEquals(repeats.isFirst("a", "1"), true);
  assertEquals(repeats.isFirst("a", "2"), false);
  assertEquals(repeats.isFirst("b", "3"), true);
  await clock.advance(9_999);
  assertEquals(repeats.isFirst("a", "4"), false);
  assertEquals(summaries, []);
  await clock.advance(1);
  // Nothing followed the first b, so nothing is left to say of it.
  assertEquals(summaries, [{ kind: "a", count: 2, detail: "4", seconds: 10 }]);
});

Deno.test("after its window a kind is new again", async () => {
  const { clock, summaries, repeats } = newRepeats();
  repeats.isFirst("a", "1");
  await clock.advance(10_000);
  assertEquals(repeats.isFirst("a", "2"), true);
  assertEquals(summaries, []);
});

Deno.test("flush() says what has been counted, and leaves no timer behind", async () => {
  const { clock, summaries, repeats } = newRepeats();
  repeats.isFirst("a", "1");
  repeats.isFirst("a", "2");
  repeats.isFirst("b", "3");
  repeats.flush();
  assertEquals(summaries, [{ kind: "a", count: 1, detail: "2", seconds: 10 }]);
  assertEquals(clock.waiting, 0);
  // A window that begins now has its full length.
  await clock.advance(5_000);
  assertEquals(repeats.isFirst("a", "4"), true);
  repeats.isFirst("a", "5");
  await clock.advance(9_999);
  assertEquals(summaries.length, 1);
  await clock.advance(1);
  assertEquals(summaries.length, 2);
});

Deno.test("however many kinds there are, memory and lines stay bounded", async () => {
  const { clock, summaries, repeats } = newRepeats();
  let lines = 0;
  for (let index = 0; index < 10_000; index++) {
    if (repeats.isFirst(`kind ${index}`, `detail ${index}`)) lines++;
  }
  assertEquals(lines, 101);
  assertEquals(clock.waiting, 101);
  await clock.advance(10_000);
  assertEquals(summaries, [{ kind: "various", count: 9_899, detail: "detail 9999", seconds: 10 }]);
});
