/** Bounded concurrency. */

import { mapBounded } from "../../../src/plan/map_bounded.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";

Deno.test("mapBounded() keeps the order, whichever is faster", async () => {
  const gates = [1, 2, 3].map(() => Promise.withResolvers<void>());
  const results = mapBounded([10, 20, 30], 3, async (item, index) => {
    await gates[index]!.promise;
    return item + index;
  });
  for (const gate of gates.reverse()) {
    gate.resolve();
    await gate.promise;
  }
  assertEquals(await results, [10, 21, 32]);
  assertEquals(await mapBounded([], 3, () => Promise.resolve(1)), []);
});

Deno.test("mapBounded() never has more than the limit under way", async () => {
  let now = 0;
  let most = 0;
  await mapBounded(Array.from({ length: 50 }), 4, async () => {
    most = Math.max(most, ++now);
    await Promise.resolve();
    now--;
  });
  assertEquals(most, 4);
});

Deno.test("mapBounded() throws the failure of the first item, and begins nothing after a failure", async () => {
  const late = Promise.withResolvers<void>();
  const begun: number[] = [];
  const result = mapBounded([0, 1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    if (item === 0) await late.promise;
    if (item < 2) throw new Error(`failure ${item}`);
  });
  await Promise.resolve();
  late.resolve();
  assertEquals((await assertRejects(() => result, Error)).message, "failure 0");
  assert(!begun.includes(2), String(begun));
});
