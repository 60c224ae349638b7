/** A set of small whole numbers, against the simplest one there can be. */

import { DescriptorBits } from "../../../../src/runtime/linux/descriptor_bits.ts";
import { assertEquals } from "../../../support/assert.ts";

Deno.test("the lowest number that is absent and the highest that is present, whatever came and went", () => {
  const bits = new DescriptorBits();
  const set = new Set<number>();
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 0x80000000;
    return Math.floor(seed / 0x80000000 * below);
  };
  for (let round = 0; round < 5_000; round++) {
    const number = random(round < 2_500 ? 100 : 3_000);
    const adds = random(3) > 0;
    if (adds) bits.add(number);
    else bits.delete(number);
    if (adds) set.add(number);
    else set.delete(number);
    const from = random(3_000);
    let absent = from;
    while (set.has(absent)) absent++;
    let present = from;
    while (present >= 0 && !set.has(present)) present--;
    assertEquals([bits.firstAbsent(from), bits.lastPresent(from)], [absent, present]);
    let lowest = 0;
    while (set.has(lowest)) lowest++;
    assertEquals([bits.firstAbsent(0), bits.has(number)], [lowest, set.has(number)]);
  }
});

Deno.test("whole words are passed over, both ways", () => {
  const bits = new DescriptorBits();
  for (let number = 0; number < 20_000; number++) bits.add(number);
  assertEquals([bits.firstAbsent(0), bits.firstAbsent(30_000), bits.end], [20_000, 30_000, 20_000]);
  for (let number = 20_000; number-- > 64;) bits.delete(number);
  assertEquals([bits.firstAbsent(0), bits.lastPresent(1_000_000), bits.lastPresent(-1)], [
    64,
    63,
    -1,
  ]);
});
