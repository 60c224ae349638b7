/**
 * The event loop: whom it serves, in what order, and what it never mixes up.
 *
 * @alone Tests of other files would take the numbers of descriptors that these use again.
 */

import {
  EPOLLET,
  EPOLLIN,
  type EventLoop,
  type Watcher,
} from "../../../../src/runtime/loop/event_loop.ts";
import { assert, assertEquals } from "../../../support/assert.ts";
import { eventually } from "../../../support/eventually.ts";
import { closeDescriptor, descriptor, loopTest } from "./loop_bed.ts";

const READ_ONCE = (EPOLLIN | EPOLLET) >>> 0;

/** Watches a new descriptor that is ready, or one that never is, until it is closed. */
function watch(
  loop: EventLoop,
  served: () => void,
  { patient = false, ready = true } = {},
): { readonly number: number; close(): void } {
  const number = descriptor({ ready });
  const watcher: Watcher = { patient, ready: () => served() };
  loop.watch(number, watcher, READ_ONCE);
  return {
    number,
    close() {
      loop.forget(number);
      closeDescriptor(number);
    },
  };
}

loopTest("patient watchers wait for the others, and all of them are served", async (bed) => {
  const order: string[] = [];
  for (let count = 0; count < 50; count++) {
    const patient = count % 2 === 0;
    const name = patient ? "patient" : "other";
    bed.keep(watch(bed.loop, () => order.push(name), { patient }));
  }
  await eventually("all are served", () => order.length === 50);
  assertEquals(order, [...Array(25).fill("other"), ...Array(25).fill("patient")]);
});

loopTest("what happens meanwhile goes before patient watchers that still wait", async (bed) => {
  const order: string[] = [];
  const slow = () => {
    order.push("patient");
    // Each takes as long as a handshake.
    for (const until = performance.now() + 2; performance.now() < until;);
    if (order.length === 1) bed.keep(watch(bed.loop, () => order.push("other")));
  };
  for (let count = 0; count < 5; count++) bed.keep(watch(bed.loop, slow, { patient: true }));
  await eventually("all are served", () => order.length === 6);
  assertEquals(order.slice(0, 2), ["patient", "other"]);
});

for (const patient of [false, true]) {
  const kind = patient ? "patient" : "ordinary";
  loopTest(
    `a descriptor used again within a batch gets no event of its former, ${kind} watcher`,
    async (bed) => {
      let served = 0;
      let foreign = 0;
      const watched: { readonly number: number; close(): void }[] = [];
      // Whichever is first closes the other, whose event has been fetched already.
      const first = (own: number) => {
        if (++served > 1) return;
        const other = watched[1 - own]!;
        other.close();
        const again = bed.keep(watch(bed.loop, () => foreign++, { patient, ready: false }));
        assertEquals(again.number, other.number);
        bed.keep(watched[own]!);
      };
      for (const own of [0, 1]) watched.push(watch(bed.loop, () => first(own), { patient }));
      await eventually("one is served", () => served > 0);
      for (let round = 0; round < 3; round++) await bed.loop.turn();
      assertEquals([served, foreign], [1, 0]);
    },
  );
}

loopTest("unwatch() leaves the descriptor open and reports no more events", async (bed) => {
  let served = 0;
  const one = watch(bed.loop, () => served++);
  bed.loop.unwatch(one.number);
  await bed.loop.turn();
  assertEquals(served, 0);
  bed.loop.watch(one.number, { patient: false, ready: () => served++ }, READ_ONCE);
  await eventually("it is watched again", () => served === 1);
  one.close();
});

loopTest("turn() lets everything that is ready go first", async (bed) => {
  const order: string[] = [];
  for (let count = 0; count < 10; count++) bed.keep(watch(bed.loop, () => order.push("ready")));
  await bed.loop.turn();
  order.push("turn");
  assertEquals(order, [...Array(10).fill("ready"), "turn"]);
});

loopTest("after() calls in the order of the times, and not what was cancelled", async (bed) => {
  const called: number[] = [];
  const began = bed.loop.now();
  await new Promise<void>((resolve) => {
    for (const wait of [30, 10, 20, 5, 15]) bed.loop.after(wait, () => called.push(wait));
    bed.loop.after(12, () => called.push(12))();
    bed.loop.after(40, resolve);
  });
  assertEquals(called, [5, 10, 15, 20, 30]);
  const took = bed.loop.now() - began;
  assert(took >= 39, `${took} ms`);
});

loopTest("a promise that an event settles has its say before the next event", async (bed) => {
  const order: string[] = [];
  for (let count = 0; count < 3; count++) {
    const { promise, resolve } = Promise.withResolvers<void>();
    promise.then(() => order.push("settled"));
    bed.keep(watch(bed.loop, () => (order.push("event"), resolve())));
  }
  await eventually("all are served", () => order.length === 6);
  assertEquals(order, Array(3).fill(["event", "settled"]).flat());
});

loopTest("a watcher or a timer that throws is reported, and stops no other", async (bed) => {
  const reported: string[] = [];
  const hear = (event: ErrorEvent) => {
    event.preventDefault();
    reported.push(event.error.message);
  };
  globalThis.addEventListener("error", hear);
  try {
    const order: string[] = [];
    const fail = (what: string) => () => {
      throw new Error(what);
    };
    bed.keep(watch(bed.loop, fail("a watcher's")));
    bed.keep(watch(bed.loop, () => order.push("another")));
    bed.loop.after(1, fail("a timer's"));
    await new Promise<void>((resolve) => bed.loop.after(5, resolve));
    assertEquals(order, ["another"]);
    assertEquals(reported, ["a watcher's", "a timer's"]);
  } finally {
    globalThis.removeEventListener("error", hear);
  }
});
