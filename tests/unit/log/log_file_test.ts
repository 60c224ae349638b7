/** The log file: rotation, a full disk, and outputs that have one. */

import { LogFile } from "../../../src/log/log_file.ts";
import { Outputs } from "../../../src/log/log.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { settled } from "../../support/manual_clock.ts";

async function newFile() {
  const runtime = new FakeRuntime();
  const { service, clock } = runtime;
  const file = await LogFile.open(runtime, "log", (lost) => `${lost} lost`);
  const push = async (line: string) => {
    file.push(line);
    await file.flushed();
  };
  return { file, service, clock, push, texts: () => service.logs.map((log) => log.text) };
}

Deno.test("LogFile opens the path anew when asked to, and the lines after that go there", async () => {
  const { file, service, push, texts } = await newFile();
  await push("one");
  service.paths.delete("log");
  file.reopen();
  await push("two");
  assertEquals(texts(), ["one\n", "two\n"]);
  assertEquals(service.logs.map((log) => log.closed), [1, 0]);
});

Deno.test("LogFile notices by itself that the path leads elsewhere, looking once a second", async () => {
  const { clock, service, push, texts } = await newFile();
  await clock.advance(1_000);
  await push("one");
  service.paths.delete("log");
  await push("two");
  await clock.advance(999);
  await push("three");
  assertEquals(texts(), ["one\ntwo\nthree\n"]);
  await clock.advance(1);
  await push("four");
  assertEquals(texts(), ["one\ntwo\nthree\n", "four\n"]);
});

Deno.test("LogFile writes on to the old file where the path cannot be opened, and says so once", async () => {
  const { file, service, push, texts } = await newFile();
  const troubles: string[] = [];
  file.onTrouble = (reason) => troubles.push(reason);
  service.refusal = "log: permission denied";
  await file.reopen();
  await file.reopen();
  await push("one");
  assertEquals([texts(), troubles], [["one\n"], ["log: permission denied"]]);
  service.refusal = undefined;
  service.paths.delete("log");
  await file.reopen();
  service.refusal = "log: read-only";
  await file.reopen();
  assertEquals(troubles.length, 2);
});

Deno.test("LogFile counts the lines that a full disk cost, and begins a new line after half a one", async () => {
  const { service, push, texts } = await newFile();
  service.logs[0]!.room = 6;
  await push("one");
  await push("two");
  await push("three");
  service.logs[0]!.room = Infinity;
  await push("four");
  assertEquals(texts(), ["one\ntw\nfour\n2 lost\n"]);
  await push("five");
  assertEquals(texts(), ["one\ntw\nfour\n2 lost\nfive\n"]);
});

Deno.test("Outputs writes to its file instead of the standard streams, in the form it is given", async () => {
  const runtime = new FakeRuntime();
  const outputs = await Outputs.open(runtime, {
    file: "log",
    stamp: ({ pid, level, text }) => `[${pid}] ${level} ${text}`,
    syslogFacility: undefined,
  });
  outputs.sink("info", "one");
  outputs.sink("error", "two");
  await settled();
  const { processes, service } = runtime;
  assertEquals([processes.stdout, processes.stderr], ["", ""]);
  assertEquals(service.logs[0]?.text, "[4711] info one\n[4711] error two\n");
  assertEquals(outputs.onStandardStreams, false);
});

Deno.test("Outputs refuses a file that cannot be opened; without standard streams it uses none", async () => {
  const runtime = new FakeRuntime();
  runtime.service.refusal = "log: permission denied";
  await assertRejects(() => Outputs.open(runtime, { file: "log", syslogFacility: undefined }));
  const outputs = await Outputs.open(runtime, { detached: true, syslogFacility: "daemon" });
  outputs.sink("error", "one");
  await settled();
  assertEquals(runtime.processes.stderr, "");
  assertEquals(runtime.processes.datagrams.sent.length, 1);
});
