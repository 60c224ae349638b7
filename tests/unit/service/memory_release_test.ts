/** When a supervisor gives memory back. */

import { MemoryRelease } from "../../../src/service/memory_release.ts";
import { assertEquals } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";

function bench() {
  const { clock } = new FakeRuntime();
  let released = 0;
  const compactMemory = () => {
    released++;
    return Promise.resolve();
  };
  const memory = new MemoryRelease({ clock, kernel: { compactMemory } });
  return { clock, memory, released: () => released };
}

Deno.test("memory is given back once, a second after thousands of certificates were last read", async () => {
  const { clock, memory, released } = bench();
  memory.after(10_000);
  await clock.advance(900);
  memory.after(10_000);
  await clock.advance(900);
  assertEquals(released(), 0);
  await clock.advance(100);
  assertEquals([released(), clock.waiting], [1, 0]);
});

Deno.test("a few certificates are not worth it, and neither is what ends", async () => {
  const { clock, memory, released } = bench();
  memory.after(499);
  assertEquals(clock.waiting, 0);
  memory.after(500);
  memory.stop();
  await clock.advance(10_000);
  assertEquals([released(), clock.waiting], [0, 0]);
});

Deno.test("reloads in quick succession do not pile up memory", async () => {
  const { clock, memory, released } = bench();
  memory.before();
  memory.after(10_000);
  assertEquals(released(), 0);
  memory.before();
  assertEquals([released(), clock.waiting], [1, 0]);
  memory.after(10_000);
  await clock.advance(1_000);
  memory.before();
  assertEquals(released(), 2);
});

Deno.test("between a reading and a sending memory is given back for many thousands of certificates only", async () => {
  const { memory, released } = bench();
  await memory.between(4_999);
  assertEquals(released(), 0);
  await memory.between(5_000);
  assertEquals(released(), 1);
});
