/** Files and clock under Deno. */

import { StartupError } from "../../../../src/errors.ts";
import { createRuntime } from "../../../../src/runtime/deno/runtime.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../../support/assert.ts";
import { within } from "../../../support/eventually.ts";

const runtime = createRuntime({ workerArguments: [] });
/** Opened outside the tests: it stays open for as long as the process lives. */
const { kernel } = runtime;

Deno.test("the platform says what it is, and which TLS engines it has", () => {
  assertEquals(runtime.version, `Deno ${Deno.version.deno}`);
  const preferred = Deno.build.os === "linux" ? ["openssl", "rustls"] : ["rustls", "openssl"];
  assertEquals<unknown>(runtime.tlsLibraries, preferred);
  assertThrows(() => runtime.openStreamTls(), StartupError, "only in the npm package under Node");
});

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

Deno.test("files.replace() leaves the old file or the new one, and nothing else", async () => {
  const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
  try {
    const path = `${folder}/response`;
    for (const text of ["old", "new"]) {
      await runtime.files.replace(path, new TextEncoder().encode(text), 0o644);
      assertEquals(await Deno.readTextFile(path), text);
    }
    if (Deno.build.os !== "windows") assertEquals((await Deno.stat(path)).mode! & 0o777, 0o644);
    const fault = async (path: string) =>
      (await assertRejects(
        () => runtime.files.replace(path, new Uint8Array(), 0o644),
        StartupError,
      ))
        .message;
    assertEquals(await fault(`${folder}/none/x`), `${folder}/none/x: no such file`);
    await Deno.mkdir(`${folder}/folder/inside`, { recursive: true });
    assert((await fault(`${folder}/folder`)).startsWith(`${folder}/folder: `));
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assertEquals(left, ["folder", "response"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("files.mode() returns the permission bits, or path and cause", async () => {
  const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
  try {
    const path = `${folder}/secret`;
    await Deno.writeTextFile(path, "");
    const windows = Deno.build.os === "windows";
    for (const mode of [0o600, 0o640, 0o4755]) {
      if (!windows) await Deno.chmod(path, mode);
      assertEquals(await runtime.files.mode(path), windows ? undefined : mode);
    }
    const missing = () => runtime.files.mode(`${folder}/b`);
    assertEquals(
      (await assertRejects(missing, StartupError)).message,
      `${folder}/b: no such file`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("files.readBytes() reads what is not text, or throws path and cause", async () => {
  const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
  try {
    const bytes = new Uint8Array([0, 255, 128]);
    await Deno.writeFile(`${folder}/a.der`, bytes);
    assertEquals(await runtime.files.readBytes(`${folder}/a.der`), bytes);
    const fault = await assertRejects(
      () => runtime.files.readBytes(`${folder}/b.der`),
      StartupError,
    );
    assertEquals(fault.message, `${folder}/b.der: no such file`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("files.list() names files and what leads to one, or to nothing", async () => {
  const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
  try {
    await Deno.writeTextFile(`${folder}/file`, "");
    await Deno.mkdir(`${folder}/directory`);
    for (const target of ["file", "directory", "nothing"]) {
      await Deno.symlink(target, `${folder}/to-${target}`);
    }
    const names = await runtime.files.list(folder);
    assertEquals(names?.sort(), ["file", "to-file", "to-nothing"]);
    assertEquals(await runtime.files.list(`${folder}/directory`), []);
    assertEquals(await runtime.files.list(`${folder}/nothing`), undefined);
    const fault = await assertRejects(() => runtime.files.list(`${folder}/file`), StartupError);
    assertEquals(fault.message, `${folder}/file: not a directory`);
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
