/** Whose place a new stud is to take. */

import { StartupError } from "../../../src/errors.ts";
import { findPredecessor } from "../../../src/supervisor/takeover.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";

function newRuntime(): FakeRuntime {
  const runtime = new FakeRuntime();
  runtime.files.directories.add("/proc/123");
  runtime.files.texts.set("/run/stud.pid", "123\n");
  runtime.files.texts.set("/run/empty", "");
  runtime.files.texts.set("/run/own", String(runtime.processes.pid));
  return runtime;
}

Deno.test("findPredecessor() takes a process id, or a pidfile", async () => {
  assertEquals(await findPredecessor("123", newRuntime()), 123);
  assertEquals(await findPredecessor("/run/stud.pid", newRuntime()), 123);
});

Deno.test("findPredecessor() says what is wrong", async () => {
  const cases = [
    ["124", "--takeover 124: there is no process 124; start stud without it if none serves"],
    ["0", "--takeover 0: no such process; give the id of the stud that serves now, or its pidfile"],
    ["/run/empty", "--takeover /run/empty: no process id in it"],
    ["/run/own", "--takeover /run/own: no process id in it"],
    ["/run/none", "/run/none: no such file"],
  ];
  for (const [text, message] of cases) {
    await assertRejects(() => findPredecessor(text!, newRuntime()), StartupError, message);
  }
});
