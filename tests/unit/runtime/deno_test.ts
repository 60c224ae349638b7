/** Files and clock under Deno. */

import { StartupError } from "../../../src/errors.ts";
import { createDenoRuntime } from "../../../src/runtime/deno.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { within } from "../../support/eventually.ts";

const runtime = createDenoRuntime({ entry: import.meta.url, workerArguments: [] });
/** Opened outside the tests: it stays open for as long as the process lives. */
const { kernel } = runtime;

Deno.test("files.readText() reads, or says path and cause", async () => {
  const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
  try {
    await Deno.writeTextFile(`${folder}/a.pem`, "größer");
    assertEquals(await runtime.files.readText(`${folder}/a.pem`), "größer");
    const fault = async (path: string) =>
      (await assertRejects(() => runtime.files.readText(path), StartupError)).message;
    assertEquals(await fault(`${folder}/b.pem`), `${folder}/b.pem: no such file`);
    assertEquals(await fault(folder), `${folder}: is a directory, not a file`);
    assert((await fault(`${folder}/a.pem/c`)).startsWith(`${folder}/a.pem/c: `));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("files.isDirectory() knows directories from files and from nothing", async () => {
  const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
  try {
    await Deno.writeTextFile(`${folder}/file`, "");
    assertEquals(await runtime.files.isDirectory(folder), true);
    assertEquals(await runtime.files.isDirectory(`${folder}/file`), false);
    assertEquals(await runtime.files.isDirectory(`${folder}/nothing`), false);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("clock.after() calls back once, or not at all when cancelled", async () => {
  const { clock } = runtime;
  const calls: string[] = [];
  const cancel = clock.after(1, () => calls.push("cancelled"));
  cancel();
  cancel();
  await within(
    5_000,
    "the callback",
    new Promise<void>((resolve) => {
      clock.after(5, () => {
        calls.push("called");
        resolve();
      });
    }),
  );
  assertEquals(calls, ["called"]);
});

Deno.test("clock.now() goes on whatever the date, and clock.date() is the date", () => {
  const before = runtime.clock.now();
  assert(runtime.clock.now() >= before);
  assert(Math.abs(runtime.clock.date().getTime() - Date.now()) < 10_000);
});

Deno.test({
  name: "kernel is there on Linux and nowhere else",
  fn: () =>
    assertEquals(kernel !== undefined && kernel === runtime.kernel, Deno.build.os === "linux"),
});
