/** When thousands of files are read without other threads, and when no longer. */

import { QuickFiles } from "../../../src/plan/quick_files.ts";
import type { ReadFile } from "../../../src/runtime/runtime.ts";
import { assertEquals } from "../../support/assert.ts";
import { FakeFiles } from "../../support/fake_runtime.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const STATUS = {
  ...{ stamp: "", mode: undefined, isFile: true, size: 1 },
  ...{ isDirectory: false, isNamedPipe: false, isDevice: false },
};

/** A disk that takes this many milliseconds for a file. */
function disk(milliseconds: number) {
  const clock = new ManualClock();
  const asked: string[] = [];
  let now = 0;
  const files = {
    status: (path: string) => {
      asked.push(path);
      return new FakeFiles().status(path);
    },
    readNow: (path: string, into: Uint8Array<ArrayBuffer>): ReadFile => {
      now += milliseconds;
      into[0] = path.charCodeAt(0);
      return { bytes: into.subarray(0, 1), status: STATUS };
    },
  };
  const quick = new QuickFiles({
    files,
    clock: { now: () => now, turn: () => clock.turn() },
  });
  return { quick, clock, asked };
}

Deno.test("QuickFiles waits for the disk's first sign of life, and lets others go every few milliseconds", async () => {
  const { quick, clock, asked } = disk(0.25);
  for (let count = 0; count < 400; count++) {
    const turn = quick.turn("a");
    if (turn !== undefined) await turn;
    assertEquals(quick.turn("a"), undefined);
    assertEquals([...quick.read("a")!], [97]);
  }
  assertEquals([asked, clock.turns], [["a"], 9]);
});

Deno.test("QuickFiles leaves a slow disk to other threads", async () => {
  const { quick } = disk(5);
  await quick.turn("a");
  let count = 0;
  while (quick.read("a") !== undefined) count++;
  assertEquals(count, 63);
});

Deno.test("QuickFiles keeps nothing of a file", async () => {
  const { quick } = disk(0);
  await quick.turn("a");
  const bytes = quick.read("a")!;
  quick.wipe();
  assertEquals([...bytes], [0]);
});
