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

Deno.test("RecordedFiles looks once at a file, for its reader and for its mode too", async () => {
  const { files } = new FakeRuntime();
  files.texts.set("a", "one");
  files.modes.set("a", 0o640);
  const looks: string[] = [];
  const given: unknown[] = [];
  const recorded = new RecordedFiles(Object.assign(Object.create(files), {
    mode: (path: string) => (looks.push(`mode ${path}`), files.mode(path)),
    stamp: (path: string) => (looks.push(`stamp ${path}`), files.stamp(path)),
    status: (path: string) => (looks.push(`status ${path}`), files.status(path)),
    readText(path: string, _limit?: number, status?: unknown) {
      given.push(status);
      return files.readText(path);
    },
  }));
  await recorded.readText("a");
  assertEquals(given, [await files.status("a")]);
  assertEquals(await recorded.mode("a"), 0o640);
  assertEquals(looks, ["status a"]);
  await recorded.mode("d");
  assertEquals(looks, ["status a", "mode d"]);
});
