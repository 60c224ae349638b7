/** The last ten minutes in rates. */

import { History, HISTORY_STEP } from "../../../src/status/history.ts";
import { assertEquals } from "../../support/assert.ts";

const NOTHING = {
  ...{ accepted: 0, bytesToBackend: 0, bytesToClient: 0 },
  ...{ failedHandshakes: 0, active: 0 },
};

Deno.test("History has rates by the time that has really passed", () => {
  const history = new History();
  history.add(NOTHING, 1_000, new Date(0));
  assertEquals(history.status().connectionsPerSecond, []);
  history.add({ ...NOTHING, accepted: 50, active: 7 }, 6_000, new Date(5_000));
  history.add({ ...NOTHING, accepted: 150, active: 3 }, 16_000, new Date(15_000));
  const { connectionsPerSecond, active, failedHandshakesPerSecond, time, step } = history.status();
  assertEquals(connectionsPerSecond, [10, 10]);
  assertEquals(active, [7, 3]);
  assertEquals(failedHandshakesPerSecond, [0, 0]);
  assertEquals([time, step], ["1970-01-01T00:00:15.000Z", HISTORY_STEP / 1_000]);
});

Deno.test("History keeps ten minutes, the oldest first", () => {
  const history = new History();
  for (let step = 0; step <= 500; step++) {
    history.add({ ...NOTHING, active: step }, step * HISTORY_STEP, new Date(step * HISTORY_STEP));
  }
  const { active, step } = history.status();
  assertEquals(active.length * step, 600);
  assertEquals([active[0], active.at(-1)], [381, 500]);
});

Deno.test("History shows no negative rate", () => {
  const history = new History();
  history.add({ ...NOTHING, accepted: 10 }, 0, new Date(0));
  history.add(NOTHING, HISTORY_STEP, new Date(0));
  assertEquals(history.status().connectionsPerSecond, [0]);
});
