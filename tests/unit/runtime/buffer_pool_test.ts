/** Buffers that are lent and come back. */

import { BufferPool } from "../../../src/runtime/buffer_pool.ts";
import { assert, assertEquals } from "../../support/assert.ts";

Deno.test("take() gives every borrower another buffer, and one that came back again", () => {
  const pool = new BufferPool(100, 2);
  const [one, other] = [pool.take(), pool.take()];
  assert(one !== other);
  assertEquals([one.length, other.length, pool.size], [100, 100, 100]);
  pool.give(one);
  assert(pool.take() === one);
  assert(pool.take() !== other);
});

Deno.test("give() keeps no more than it should", () => {
  const pool = new BufferPool(100, 2);
  const lent = [pool.take(), pool.take(), pool.take()];
  for (const buffer of lent) pool.give(buffer);
  const again = [pool.take(), pool.take(), pool.take()];
  assertEquals(again.filter((buffer) => lent.includes(buffer)).length, 2);
});
