/** Where lines of the access log go, and what the log says when they cannot. */

import { StartupError } from "../../../src/errors.ts";
import { openAccessOutput } from "../../../src/log/access_output.ts";
import { configureLog, Outputs } from "../../../src/log/log.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { LOG } from "../../support/log_settings.ts";
import { settled } from "../../support/manual_clock.ts";

function newOutput(path: string) {
  const runtime = new FakeRuntime();
  const said: string[] = [];
  const log = configureLog((level, text) => said.push(`${level} ${text}`), "debug");
  const outputs = new Outputs(runtime, { settings: LOG });
  return {
    runtime,
    said,
    open: () => openAccessOutput(path, runtime, { outputs, log, facility: "local3" }),
  };
}

Deno.test("lines go to the file", async () => {
  const { runtime, open } = newOutput("/log");
  const output = await open();
  output.write(["a", "b"]);
  output.write(["c"]);
  await output.flushed();
  assertEquals(runtime.service.paths.get("/log")!.text, "a\nb\nc\n");
  assertEquals(runtime.processes.stdout, "");
});

Deno.test("lines for - go to standard output as they are", async () => {
  const { runtime, open } = newOutput("-");
  const output = await open();
  output.write(["a", "b"]);
  await settled();
  assertEquals(runtime.processes.stdout, "a\nb\n");
});

Deno.test("reopen() makes the file anew after a rotation", async () => {
  const { runtime, open } = newOutput("/log");
  const output = await open();
  runtime.service.paths.delete("/log");
  output.reopen();
  await settled();
  assertEquals(runtime.service.paths.get("/log")!.text, "");
});

Deno.test("a full disk is said once, and what was lost when there is room again", async () => {
  const { runtime, said, open } = newOutput("/log");
  const output = await open();
  const [file] = runtime.service.logs;
  file!.room = 0;
  output.write(["a", "b"]);
  await output.flushed();
  output.write(["c"]);
  await output.flushed();
  assertEquals(said, ["error --access-log /log: cannot write: disk full"]);
  file!.room = Infinity;
  output.write(["d"]);
  await output.flushed();
  assertEquals(file!.text, "\nd\n");
  assertEquals(said.slice(1), ["warning --access-log /log: 3 lines lost"]);
});

Deno.test("a file that cannot be opened is a start error", async () => {
  const missing = newOutput("/no/log");
  missing.runtime.service.refusal = "/no/log: no such directory";
  await assertRejects(missing.open, StartupError, "--access-log /no/log: no such directory");
});
