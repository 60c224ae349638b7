/** What counts as a hang, and what does not. */

import { Heartbeat } from "../../../src/fleet/heartbeat.ts";
import type { ThreadActivity } from "../../../src/wire/thread_activity.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { ManualClock } from "../../support/manual_clock.ts";

/** A worker that serves, and is watched with 5 s of patience. */
function newWatch(activity: (now: number) => ThreadActivity | undefined = () => undefined) {
  const clock = new ManualClock();
  const state = { answers: true, asked: 0, hung: undefined as number | undefined };
  const heartbeat = new Heartbeat({
    clock,
    ask: () => {
      state.asked++;
      if (state.answers) heartbeat.heard();
    },
    observe: () => Promise.resolve(activity(clock.now())),
    onHang: (seconds) => state.hung = seconds,
  });
  heartbeat.busy = false;
  heartbeat.use(5);
  return { clock, state, heartbeat };
}

const stopped = (): ThreadActivity => ({ state: "stopped", processorTime: 0 });
const sleeping = (): ThreadActivity => ({ state: "sleeping", processorTime: 0 });
/** Ready to run, with this part of a processor. */
const running = (part: number) => (now: number): ThreadActivity => ({
  state: "waiting",
  processorTime: now * part,
});

Deno.test("a worker that answers is asked again each time half of its time is over", async () => {
  const { clock, state } = newWatch();
  await clock.advance(3_600_000);
  assertEquals(state.hung, undefined);
  assert(state.asked > 1_000 && state.asked <= 1_440, String(state.asked));
});

Deno.test("silence of 5 s is a hang: stopped, asleep, in an endless loop, or for an unknown reason", async () => {
  for (const activity of [stopped, sleeping, running(1), running(0.5), () => undefined]) {
    const { clock, state } = newWatch(activity);
    await clock.advance(10_000);
    state.answers = false;
    await clock.advance(2_400);
    assertEquals(state.hung, undefined);
    await clock.advance(2_600);
    assertEquals(state.hung, 5);
    const { asked } = state;
    await clock.advance(60_000);
    assertEquals(state.asked, asked);
  }
});

Deno.test("any message of a worker is a sign of life", async () => {
  const { clock, state, heartbeat } = newWatch();
  state.answers = false;
  for (let seconds = 0; seconds < 100; seconds += 3) {
    await clock.advance(3_000);
    heartbeat.heard();
  }
  assertEquals(state.hung, undefined);
});

Deno.test("a supervisor that did not run itself blames no worker", async () => {
  const { clock, state } = newWatch();
  state.answers = false;
  // Each of its timers comes late: it is stopped, or starved, most of the time.
  const now = clock.now.bind(clock);
  let skipped = 0;
  clock.now = () => now() + skipped;
  for (let round = 0; round < 100; round++) {
    skipped += 10_000;
    await clock.advance(600);
  }
  assertEquals(state.hung, undefined);
});

Deno.test("a worker that waits for a processor is not to blame, for a minute", async () => {
  const { clock, state } = newWatch(running(0.05));
  state.answers = false;
  await clock.advance(57_000);
  assertEquals(state.hung, undefined);
  await clock.advance(6_000);
  assert(state.hung! >= 60, String(state.hung));
});

Deno.test("a worker that starts or takes a configuration has a minute, unless it is stopped", async () => {
  for (const activity of [running(1), sleeping, () => undefined]) {
    const { clock, state, heartbeat } = newWatch(activity);
    heartbeat.busy = true;
    state.answers = false;
    await clock.advance(57_000);
    assertEquals(state.hung, undefined);
    heartbeat.heard();
    heartbeat.busy = false;
    await clock.advance(6_000);
    assertEquals(state.hung, 5);
  }
  const { clock, state, heartbeat } = newWatch(stopped);
  heartbeat.busy = true;
  state.answers = false;
  await clock.advance(5_000);
  assertEquals(state.hung, 5);
});

Deno.test("use(0) and stop() end the watch, and another time counts from the change on", async () => {
  const { clock, state, heartbeat } = newWatch();
  state.answers = false;
  heartbeat.use(0);
  await clock.advance(100_000);
  assertEquals([state.hung, clock.waiting], [undefined, 0]);
  heartbeat.use(20);
  await clock.advance(19_000);
  assertEquals(state.hung, undefined);
  await clock.advance(1_000);
  assertEquals(state.hung, 20);
  assertEquals(clock.waiting, 0);
});
