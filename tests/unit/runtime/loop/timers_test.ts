/** Timers of the event loop, against a list that is sorted anew each time. */

import fc from "fast-check";
import { Timers } from "../../../../src/runtime/loop/timers.ts";
import { assertEquals } from "../../../support/assert.ts";

/** What is still to be called, in a plain list. */
interface Modelled {
  readonly at: number;
  readonly name: number;
}

Deno.test("calls come in the order of their times, whatever was added and cancelled between", () => {
  const step = fc.oneof(
    fc.record({ what: fc.constant("add" as const), at: fc.integer({ min: 0, max: 50 }) }),
    fc.record({ what: fc.constant("cancel" as const), at: fc.nat() }),
    fc.record({ what: fc.constant("take" as const), at: fc.integer({ min: 0, max: 60 }) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
    const timers = new Timers();
    const cancels: (() => void)[] = [];
    const called: number[] = [];
    let model: Modelled[] = [];
    for (const { what, at } of steps) {
      if (what === "add") {
        const name = cancels.length;
        cancels.push(timers.add(at, () => called.push(name)));
        model.push({ at, name });
      } else if (what === "cancel" && cancels.length > 0) {
        const name = at % cancels.length;
        cancels[name]!();
        model = model.filter((each) => each.name !== name);
      } else if (what === "take") {
        const due = model.filter((each) => each.at <= at);
        const times = new Map(due.map((each) => [each.name, each.at]));
        called.length = 0;
        for (let call; (call = timers.takeDue(at)) !== undefined;) call();
        // Those of the same time may come in any order.
        assertEquals(called.toSorted(byNumber), due.map(({ name }) => name).toSorted(byNumber));
        const order = called.map((name) => times.get(name)!);
        assertEquals(order, order.toSorted(byNumber));
        model = model.filter((each) => !due.includes(each));
      }
      const earliest = model.length === 0 ? undefined : Math.min(...model.map(({ at }) => at));
      assertEquals(timers.next(), earliest);
    }
  }));
});

Deno.test("most calls are cancelled, and those that are left still come", () => {
  const timers = new Timers();
  const called: number[] = [];
  for (let at = 0; at < 10_000; at++) {
    const cancel = timers.add(at, () => called.push(at));
    if (at % 1_000 !== 0) cancel();
  }
  for (let call; (call = timers.takeDue(10_000)) !== undefined;) call();
  assertEquals(called, [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000]);
  assertEquals(timers.next(), undefined);
});

Deno.test("cancelling a call that was made, or twice, cancels no other", () => {
  const timers = new Timers();
  const called: string[] = [];
  const cancel = timers.add(1, () => called.push("first"));
  timers.takeDue(1)!();
  timers.add(1, () => called.push("second"));
  cancel();
  cancel();
  timers.takeDue(1)!();
  assertEquals(called, ["first", "second"]);
});

function byNumber(one: number, other: number): number {
  return one - other;
}
