/** The watch over files, on files and a clock that the test moves. */

import { FileWatch } from "../../../src/service/file_watch.ts";
import { RecordedFiles } from "../../../src/plan/recorded_files.ts";
import { assertEquals } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";

async function newWatch(...paths: string[]) {
  const runtime = new FakeRuntime();
  const { files, clock } = runtime;
  for (const path of paths) files.texts.set(path, "one");
  const changes: string[][] = [];
  const onChange = (changed: readonly string[]) => changes.push([...changed]);
  const watch = new FileWatch(runtime, { period: 1_000, onChange });
  const recorded = new RecordedFiles(files);
  for (const path of paths) await recorded.readText(path);
  watch.use(recorded.stamps);
  return { texts: files.texts, clock, changes, watch, files };
}

Deno.test("each change is reported once", async () => {
  const { texts, clock, changes } = await newWatch("a", "b");
  await clock.advance(10_000);
  assertEquals(changes, []);
  texts.set("b", "two");
  await clock.advance(10_000);
  assertEquals(changes, [["b"]]);
  texts.delete("a");
  texts.set("b", "three");
  await clock.advance(10_000);
  assertEquals(changes, [["b"], ["a", "b"]]);
});

Deno.test("a file that is being written is left alone until it rests", async () => {
  const { texts, clock, changes } = await newWatch("a");
  for (let size = 0; size < 20; size++) {
    texts.set("a", "x".repeat(size));
    await clock.advance(400);
  }
  assertEquals(changes, []);
  await clock.advance(2_000);
  assertEquals(changes, [["a"]]);
});

Deno.test("a change that is taken back is none", async () => {
  const { texts, clock, changes } = await newWatch("a");
  texts.set("a", "two");
  await clock.advance(1_000);
  texts.set("a", "one");
  await clock.advance(10_000);
  assertEquals(changes, []);
});

Deno.test("what is watched can change, while a look is under way too", async () => {
  const { texts, clock, changes, watch } = await newWatch("a");
  texts.set("a", "two");
  await clock.advance(1_000);
  watch.use(new Map([["a", "two"], ["b", undefined]]));
  await clock.advance(10_000);
  assertEquals(changes, []);
  texts.set("b", "new");
  await clock.advance(10_000);
  assertEquals(changes, [["b"]]);
});

Deno.test("RecordedFiles knows how files looked before they were read", async () => {
  const runtime = new FakeRuntime();
  runtime.files.texts.set("d/a", "one");
  const recorded = new RecordedFiles(runtime.files);
  await recorded.list("d");
  await recorded.readText("d/a");
  runtime.files.texts.set("d/a", "two");
  assertEquals(await recorded.readText("d/a"), "two");
  await recorded.readBytes("nothing").catch(() => {});
  assertEquals([...recorded.stamps.keys()], ["d", "d/a", "nothing"]);
  assertEquals([recorded.stamps.get("d/a"), recorded.stamps.get("nothing")], ["one", undefined]);
});
