/** When dead workers are started again. */

import { RestartPace, restartPause } from "../../../src/fleet/restart_pace.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { ManualClock, settled } from "../../support/manual_clock.ts";

function newPace({ alone = false, left = false } = {}) {
  const clock = new ManualClock();
  const state = { alone, left, over: false };
  const told: number[] = [];
  const pace = new RestartPace({
    clock,
    hasNoWorker: () => state.left || state.alone,
    hasNoRecentWorker: () => state.alone,
    isOver: () => state.over,
    onPause: (wait) => told.push(wait),
  });
  /** How many milliseconds until the next start. */
  const paused = async (served: boolean) => {
    const began = clock.now();
    let done = false;
    pace.wait(served).then(() => done = true);
    await settled();
    while (!done) await clock.advance(100);
    return clock.now() - began;
  };
  return { clock, state, told, pace, paused };
}

Deno.test("restartPause() grows from nothing to half a minute", () => {
  assertEquals([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(restartPause), [
    ...[0, 0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000],
  ]);
  assertEquals(restartPause(5_000), 30_000);
});

Deno.test("the place of a worker that had served is filled at once, even every few seconds", async () => {
  const { clock, paused, told } = newPace();
  for (let deaths = 0; deaths < 100; deaths++) {
    assertEquals(await paused(true), 0);
    await clock.advance(1_000);
  }
  assertEquals(told, []);
});

Deno.test("workers that serve and die over and over are started once a second", async () => {
  const { paused } = newPace();
  const pauses: number[] = [];
  for (let deaths = 0; deaths < 50; deaths++) pauses.push(await paused(true));
  assertEquals(pauses.slice(0, 5), [0, 0, 0, 0, 0]);
  const total = pauses.reduce((sum, each) => sum + each, 0);
  assert(total >= 20_000, `50 starts in ${total} ms`);
  assert(Math.max(...pauses) <= 1_000, pauses.join());
});

Deno.test("a pause is announced at its true length while no worker serves, even right after an attempt", async () => {
  const { state, clock, told, pace } = newPace({ left: true });
  for (let failures = 0; failures < 6; failures++) {
    state.alone = false;
    let done = false;
    pace.wait(false).then(() => done = true);
    await settled();
    state.alone = true;
    for (let waited = 0; !done; waited++) {
      assert(waited < 10, "a pause longer than a second");
      await clock.advance(100);
    }
  }
  assertEquals(told, [500, 1_000, 1_000, 1_000, 1_000]);
});

Deno.test("starts that fail are tried again after growing pauses while others serve", async () => {
  const { paused, told } = newPace();
  const pauses: number[] = [];
  for (let failures = 0; failures < 6; failures++) pauses.push(await paused(false));
  assertEquals(pauses, [0, 500, 1_000, 2_000, 4_000, 8_000]);
  assertEquals(told, [500, 1_000, 2_000, 4_000, 8_000]);
  // One that comes to serve is a new beginning.
  assertEquals([await paused(true), await paused(false)], [0, 0]);
});

Deno.test("while no worker serves, no pause is longer than a second", async () => {
  const { paused, told } = newPace({ alone: true });
  const pauses: number[] = [];
  for (let failures = 0; failures < 10; failures++) pauses.push(await paused(false));
  assert(Math.max(...pauses, ...told) <= 1_000, pauses.join());
});

Deno.test("a long pause ends within a second when the last of the others dies", async () => {
  const { clock, pace, paused, state } = newPace();
  for (let failures = 0; failures < 7; failures++) await paused(false);
  let done = false;
  pace.wait(false).then(() => done = true);
  await clock.advance(4_500);
  assertEquals(done, false);
  state.alone = true;
  await clock.advance(1_000);
  assertEquals(done, true);
});

Deno.test("a pause ends when nothing is to be started any more", async () => {
  const { clock, pace, paused, state } = newPace();
  for (let failures = 0; failures < 7; failures++) await paused(false);
  let done = false;
  pace.wait(false).then(() => done = true);
  state.over = true;
  await clock.advance(1_000);
  assertEquals(done, true);
});
