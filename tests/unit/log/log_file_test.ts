/** A file of lines that is rotated under its writer, on a disk that may be full. */

import { StartupError } from "../../../src/errors.ts";
import { LogFile } from "../../../src/log/log_file.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";

const PATH = "/log";

async function newFile(lossLine?: (lost: number) => string) {
  const runtime = new FakeRuntime();
  const { service, clock } = runtime;
  const file = await LogFile.open(runtime, PATH, lossLine);
  const said: string[] = [];
  file.onTrouble = (reason) => void said.push(`trouble: ${reason}`);
  file.onFailure = (reason) => void said.push(`failure: ${reason}`);
  file.onLoss = (lost) => void said.push(`lost: ${lost}`);
  const write = async (...lines: string[]) => {
    for (const line of lines) file.push(line);
    await file.flushed();
  };
  const texts = () => service.logs.map(({ text }) => text);
  return { service, clock, file, said, write, texts };
}

Deno.test("a LogFile is there from its opening on, and lines are appended", async () => {
  const { write, texts } = await newFile();
  assertEquals(texts(), [""]);
  await write("a", "b");
  await write("c");
  assertEquals(texts(), ["a\nb\nc\n"]);
});

Deno.test("a LogFile notices its rotation by itself, and looks once a second at most", async () => {
  const { service, clock, write, texts } = await newFile();
  await write("a");
  service.paths.clear();
  await clock.advance(999);
  await write("b");
  assertEquals(texts(), ["a\nb\n"]);
  await clock.advance(1);
  await write("c");
  assertEquals([texts(), service.logs[0]!.closed], [["a\nb\n", "c\n"], 1]);
});

Deno.test("reopen() makes the file anew at once", async () => {
  const { service, file, write, texts } = await newFile();
  await write("a");
  service.paths.clear();
  await file.reopen();
  assertEquals([texts(), service.logs[0]!.closed], [["a\n", ""], 1]);
});

Deno.test("lines go on in the old file while the path cannot be opened, which is said once", async () => {
  const { service, clock, said, write, texts } = await newFile();
  service.paths.clear();
  service.refusal = "/log: permission denied";
  for (const line of ["a", "b"]) {
    await clock.advance(1_000);
    await write(line);
  }
  assertEquals([texts(), said], [["a\nb\n"], ["trouble: /log: permission denied"]]);
});

Deno.test("a full disk is said once, then how much was lost, and what was torn ends its line", async () => {
  const { service, said, write, texts } = await newFile();
  await write("a");
  service.logs[0]!.room = 3;
  await write("bbbbb");
  await write("c", "d");
  assertEquals(said, ["failure: disk full"]);
  service.logs[0]!.room = Infinity;
  await write("e");
  assertEquals([texts(), said.slice(1)], [["a\nbbb\ne\n"], ["lost: 3"]]);
});

Deno.test("what was lost is a line of the file where that is wanted", async () => {
  const { service, write, texts } = await newFile((lost) => `${lost} lost`);
  service.logs[0]!.room = 0;
  await write("a");
  service.logs[0]!.room = Infinity;
  await write("b");
  assertEquals(texts(), ["\nb\n1 lost\n"]);
});

Deno.test("a LogFile that cannot be opened rejects with path and cause", async () => {
  const runtime = new FakeRuntime();
  runtime.service.refusal = "/log: is a directory, not a file";
  await assertRejects(() => LogFile.open(runtime, PATH), StartupError, runtime.service.refusal);
});
