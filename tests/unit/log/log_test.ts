/** From log records to lines, and to the streams where they belong. */

import { configureLog, hitchStamp, Outputs } from "../../../src/log/log.ts";
import type { LogLevel } from "../../../src/errors.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { LOG } from "../../support/log_settings.ts";
import { settled } from "../../support/manual_clock.ts";

const ABOUT = { event: "stopped", fields: {} } as const;

Deno.test("configureLog() gives finished lines, safe to print, from a level on", () => {
  const lines: [LogLevel, string][] = [];
  const log = configureLog((level, text) => lines.push([level, text]), "info");
  log.debug("not this");
  log.info("{who} came from {where}", { who: "client\x1b[2J", where: 7 });
  log.warning("w");
  log.error("e\nf");
  assertEquals(lines, [
    ["info", "client\\x1b[2J came from 7"],
    ["warning", "w"],
    ["error", "e\\x0af"],
  ]);
});

Deno.test("configureLog() with level error lets nothing else through", () => {
  const lines: string[] = [];
  const log = configureLog((_, text) => lines.push(text), "error");
  log.info("i");
  log.warning("w");
  log.error("e");
  assertEquals(lines, ["e"]);
});

Deno.test("Outputs sends information to stdout and the rest to stderr, with date and level", async () => {
  const runtime = new FakeRuntime();
  const outputs = new Outputs(runtime, { settings: LOG });
  outputs.sink("info", "one", ABOUT);
  outputs.sink("debug", "two", ABOUT);
  outputs.sink("warning", "three", ABOUT);
  outputs.sink("error", "four", ABOUT);
  await settled();
  const stamp = "2030-01-01T00:00:00.000Z";
  assertEquals(runtime.processes.stdout, `${stamp} info: one\n${stamp} debug: two\n`);
  assertEquals(runtime.processes.stderr, `${stamp} warning: three\n${stamp} error: four\n`);
  assertEquals(runtime.processes.datagrams.opened, 0);
});

Deno.test("Outputs sends every line to syslog too, where it is asked to", async () => {
  const runtime = new FakeRuntime();
  const outputs = new Outputs(runtime, { settings: { ...LOG, syslog: true } });
  outputs.sink("info", "one", ABOUT);
  outputs.sink("error", "two", ABOUT);
  await settled();
  assertEquals(runtime.processes.datagrams.sent.length, 2);
  assert(runtime.processes.datagrams.sent[1]!.endsWith(" stud[4711]: two"));
});

Deno.test("Outputs does not wait for a reader that stalls, and one stream not for the other", async () => {
  const runtime = new FakeRuntime();
  runtime.processes.writing = (stream) =>
    stream === "stdout" ? new Promise(() => {}) : Promise.resolve();
  const outputs = new Outputs(runtime, { settings: LOG });
  for (let count = 0; count < 20_000; count++) outputs.sink("info", "i", ABOUT);
  outputs.sink("error", "e", ABOUT);
  await settled();
  assert(runtime.processes.stderr.endsWith("error: e\n"));

  let flushed = false;
  outputs.flushed().then(() => flushed = true);
  await runtime.clock.advance(999);
  assertEquals(flushed, false);
  await runtime.clock.advance(1);
  assertEquals(flushed, true);
});

Deno.test("Outputs says how many lines nobody read", async () => {
  const runtime = new FakeRuntime();
  let release = () => {};
  runtime.processes.writing = () => new Promise((resolve) => release = resolve);
  const outputs = new Outputs(runtime, { settings: LOG });
  // One is being written, 5,000 wait, 99 are lost.
  for (let count = 0; count < 5_100; count++) outputs.sink("info", "i", ABOUT);
  runtime.processes.writing = () => Promise.resolve();
  release();
  await outputs.flushed();
  assertEquals(runtime.processes.stdout.split("info: i\n").length - 1, 5_001);
  assert(/warning: 99 log lines lost: they were not read in time\n/.test(runtime.processes.stdout));
});

Deno.test("hitchStamp() writes local time, process id and text as hitch does", () => {
  const date = new Date(2026, 0, 2, 3, 4, 5, 67);
  assertEquals(
    hitchStamp({ date, pid: 4711, level: "info", text: "{core} online" }),
    "20260102T030405.067000 [ 4711] {core} online",
  );
  assertEquals(
    hitchStamp({
      date: new Date(2026, 11, 31, 23, 59, 59, 999),
      pid: 123456,
      level: "info",
      text: "",
    }),
    "20261231T235959.999000 [123456] ",
  );
});
