/** A file of lines that is rotated under its writer. */

import { StartupError } from "../../../src/errors.ts";
import { LogFile } from "../../../src/log/log_file.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";

const PATH = "/log/access";

async function newFile() {
  const runtime = new FakeRuntime();
  const faults: string[] = [];
  const onFault = ({ message }: Error) => void faults.push(message);
  const platform = { openLog: runtime.files.openLog, clock: runtime.clock };
  const file = await LogFile.open(platform, { path: PATH, onFault });
  const { logs } = runtime.files;
  const rotate = (to = `${PATH}.1`) => {
    logs.set(to, logs.get(PATH)!);
    logs.delete(PATH);
  };
  const text = (path = PATH) => logs.get(path)?.text;
  return { ...runtime, clock: runtime.clock, files: runtime.files, file, faults, rotate, text };
}

Deno.test("a LogFile is there from its opening on, and lines are appended", async () => {
  const { files, file, text } = await newFile();
  assertEquals(files.logs.get(PATH), { text: "", open: 1 });
  await Promise.all([file.write(["a", "b"]), file.write(["c"])]);
  assertEquals(text(), "a\nb\nc\n");
});

Deno.test("a LogFile notices its rotation by itself, and looks once a second at most", async () => {
  const { clock, files, file, rotate, text } = await newFile();
  await file.write(["a"]);
  rotate();
  await clock.advance(999);
  await file.write(["b"]);
  assertEquals([text(`${PATH}.1`), text()], ["a\nb\n", undefined]);
  await clock.advance(1);
  await file.write(["c"]);
  assertEquals([text(`${PATH}.1`), text()], ["a\nb\n", "c\n"]);
  assertEquals(files.logs.get(`${PATH}.1`)!.open, 0);
});

Deno.test("reopen() notices it at once, and leaves a file that is still the same alone", async () => {
  const { files, file, rotate, text } = await newFile();
  await file.reopen();
  assertEquals(files.logs.get(PATH)!.open, 1);
  await file.write(["a"]);
  rotate();
  await file.reopen();
  assertEquals([text(), files.logs.get(`${PATH}.1`)!.open], ["", 0]);
  await file.write(["b"]);
  assertEquals([text(`${PATH}.1`), text()], ["a\n", "b\n"]);
});

Deno.test("lines go to the former file while the path cannot be opened, which is said once", async () => {
  const { clock, files, file, faults, rotate, text } = await newFile();
  rotate();
  files.unwritable.set(PATH, "permission denied");
  for (const line of ["a", "b"]) {
    await clock.advance(1_000);
    await file.write([line]);
  }
  assertEquals([text(`${PATH}.1`), faults], ["a\nb\n", [`${PATH}: permission denied`]]);
  files.unwritable.clear();
  await clock.advance(1_000);
  await file.write(["c"]);
  rotate(`${PATH}.2`);
  files.unwritable.set(PATH, "no such directory");
  await file.reopen();
  assertEquals(text(`${PATH}.2`), "c\n");
  assertEquals(faults.slice(1), [`${PATH}: no such directory`]);
});

Deno.test("a write that fails is its caller's, and the next one is tried", async () => {
  const { files, file, text } = await newFile();
  files.diskFull = true;
  await assertRejects(() => file.write(["a"]), Error, "no space left");
  files.diskFull = false;
  await file.write(["b"]);
  assertEquals(text(), "b\n");
});

Deno.test("a LogFile that cannot be opened rejects with path and cause", async () => {
  const runtime = new FakeRuntime();
  runtime.files.unwritable.set(PATH, "is a directory, not a file");
  const platform = { openLog: runtime.files.openLog, clock: runtime.clock };
  const open = () => LogFile.open(platform, { path: PATH, onFault() {} });
  await assertRejects(open, StartupError, `${PATH}: is a directory, not a file`);
});
