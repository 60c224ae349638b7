/** When memory is given back, by how many clients have left. */

import { Departures } from "../../../src/proxy/departures.ts";
import { assertEquals } from "../../support/assert.ts";
import { ManualClock } from "../../support/manual_clock.ts";

function newDepartures() {
  const clock = new ManualClock();
  let released = 0;
  const departures = new Departures(clock, () => released++);
  /** So many that were there leave, down to so many. */
  const leave = (from: number, to: number) => {
    for (let left = from - 1; left >= to; left--) departures.ended(left);
  };
  return { clock, departures, leave, released: () => released };
}

Deno.test("memory is given back once, within 10 s after thousands have left", async () => {
  const { clock, leave, released } = newDepartures();
  leave(9_000, 0);
  assertEquals(released(), 0);
  await clock.advance(10_000);
  assertEquals(released(), 1);
  await clock.advance(60_000);
  assertEquals(released(), 1);
});

Deno.test("it waits for clients that are still leaving, up to a limit", async () => {
  const { clock, leave, released } = newDepartures();
  leave(20_000, 10_000);
  for (let left = 10_000; left > 4_000; left -= 2_000) {
    leave(left, left - 2_000);
    await clock.advance(2_000);
    assertEquals(released(), 0);
  }
  leave(4_000, 2_000);
  await clock.advance(2_000);
  assertEquals(released(), 1);
});

Deno.test("a few clients that leave, or part of many, are not worth it", async () => {
  const { clock, leave, released } = newDepartures();
  leave(499, 0);
  for (let count = 0; count < 5; count++) leave(9_000, 5_000);
  await clock.advance(60_000);
  assertEquals(released(), 0);
});

Deno.test("later crowds count again", async () => {
  const { clock, leave, released } = newDepartures();
  for (let count = 1; count <= 3; count++) {
    leave(2_000, 0);
    await clock.advance(10_000);
    assertEquals(released(), count);
  }
});

Deno.test("nothing is due any more once that is cancelled, and later crowds count again", async () => {
  const { clock, departures, leave, released } = newDepartures();
  departures.cancel();
  leave(2_000, 0);
  departures.cancel();
  assertEquals(clock.waiting, 0);
  leave(2_000, 0);
  await clock.advance(10_000);
  assertEquals(released(), 1);
});
