/** Whether files could be opened or made, without opening or making them. */

import { StartupError } from "../../../src/errors.ts";
import { checkDirectoryOf, checkLog, checkPidPath } from "../../../src/runtime/file_checks.ts";
import { checkPidFile, claimPidFile } from "../../../src/runtime/pid_file.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";

function temporaryFolder(): Disposable & { readonly path: string; readonly names: string[] } {
  const path = Deno.makeTempDirSync({ prefix: "stud-test-" });
  return {
    path,
    get names() {
      return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
    },
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}

Deno.test("checkLog() takes a file that is there, or could be, and leaves all as it is", async () => {
  using folder = temporaryFolder();
  const there = `${folder.path}/there`;
  Deno.writeTextFileSync(there, "lines\n");
  Deno.symlinkSync("target", `${folder.path}/link`);
  const { mtime } = Deno.statSync(there);
  for (const name of ["there", "new", "link"]) await checkLog(`${folder.path}/${name}`);
  await checkLog("/dev/null");
  assertEquals(folder.names, ["link", "there"]);
  assertEquals([Deno.readTextFileSync(there), Deno.statSync(there).mtime], ["lines\n", mtime]);
});

Deno.test("checkLog() says what is wrong with a path", async () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  Deno.symlinkSync("none/target", `${folder.path}/link`);
  const cases = [
    [`${folder.path}/none/log`, "no such directory"],
    [`${folder.path}/file/log`, "no such directory"],
    [`${folder.path}/link`, "no such directory"],
    [folder.path, "is a directory, not a file"],
  ] as const;
  for (const [path, reason] of cases) {
    const error = await assertRejects(() => checkLog(path), StartupError);
    assertEquals(error.message, `${path}: ${reason}`);
  }
});

Deno.test("a pidfile is a file: a directory or a device in its place stays what it is", async () => {
  using folder = temporaryFolder();
  const directory = `${folder.path}/directory`;
  Deno.mkdirSync(directory);
  const checks: ((path: string) => Promise<unknown>)[] = [
    checkPidPath,
    checkPidFile,
    claimPidFile,
  ];
  for (const check of checks) {
    await assertRejects(
      () => check(directory),
      StartupError,
      `--pidfile ${directory}: is a directory, not a file`,
    );
    await assertRejects(() => check("/dev/null"), StartupError, "is a device or a pipe");
  }
  assertEquals(folder.names, ["directory"]);
});

Deno.test("a pidfile that holds something else stays what it is", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/site.pem`;
  for (const text of ["-----BEGIN CERTIFICATE-----\n", "17 18\n", "x", "1".repeat(65)]) {
    Deno.writeTextFileSync(path, text);
    for (const check of [checkPidPath, checkPidFile, claimPidFile]) {
      await assertRejects(
        () => check(path),
        StartupError,
        `--pidfile ${path}: the file does not hold a process id`,
      );
    }
    assertEquals(Deno.readTextFileSync(path), text);
  }
  for (const text of ["", "\n", "\0\0\0", "4711", " 4711\n"]) {
    Deno.writeTextFileSync(path, text);
    await checkPidPath(path);
  }
});

Deno.test("checkPidFile() names the process that holds it, and creates none", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/pid`;
  assertEquals(await checkPidFile(path), undefined);
  await checkDirectoryOf(path);
  assertEquals(folder.names, []);
  const none = `${folder.path}/none/pid`;
  await assertRejects(
    () => checkPidFile(none),
    StartupError,
    `${none}: no such directory`,
  );
});
