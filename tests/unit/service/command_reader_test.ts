/** Command line and configuration, read again and again. */

import { StartupError, UsageError } from "../../../src/errors.ts";
import { CommandReader } from "../../../src/service/command_reader.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";

function reader(runtime: FakeRuntime, ...argv: string[]): CommandReader {
  return new CommandReader([...argv, "--self-signed"], runtime);
}

Deno.test("readSettings() reads the file as it is by now", async () => {
  const runtime = new FakeRuntime();
  const { texts } = runtime.files;
  const commands = reader(runtime, "--config=stud.conf");
  await assertRejects(
    () => commands.readSettings(),
    StartupError,
    "--config stud.conf: no such file",
  );
  texts.set("stud.conf", "workers = 2\n");
  assertEquals((await commands.readSettings()).settings.workers.count, 2);
  texts.set("stud.conf", "\nwrokers = 3\n");
  await assertRejects(() => commands.readSettings(), UsageError, "stud.conf:2:1: unknown key");
  texts.set("stud.conf", "workers = 3\n");
  assertEquals((await commands.readSettings()).settings.workers.count, 3);
});

Deno.test("the command line wins every time, and needs no file", async () => {
  const runtime = new FakeRuntime();
  runtime.files.texts.set("stud.conf", "workers = 2\n");
  const commands = reader(runtime, "--config=stud.conf", "-n", "7");
  for (let count = 0; count < 2; count++) {
    assertEquals((await commands.readSettings()).settings.workers.count, 7);
  }
  const command = await reader(runtime).read();
  assertEquals(command.action, "run");
});

Deno.test("standard input is read once and known from then on", async () => {
  const runtime = new FakeRuntime();
  runtime.processes.input("workers = 2\n");
  runtime.processes.endInput();
  const commands = reader(runtime, "--config=-");
  for (let count = 0; count < 3; count++) {
    assertEquals((await commands.readSettings()).settings.workers.count, 2);
  }
});

Deno.test("naming() names options as they were when they were last right", async () => {
  const runtime = new FakeRuntime();
  const { texts } = runtime.files;
  texts.set("stud.conf", '\nticket-secret = "/a"');
  const commands = reader(runtime, "--config=stud.conf");
  const lineOf = (message: string) =>
    (commands.naming(new StartupError(message)) as StartupError).message;
  assertEquals(lineOf("/a: is empty"), "/a: is empty");
  await commands.read();
  assertEquals(lineOf("/a: is empty"), "stud.conf:2:17: ticket-secret /a: is empty");
  texts.set("stud.conf", "wrokers = 3\n");
  await assertRejects(() => commands.read(), UsageError);
  assertEquals(lineOf("/a: is empty"), "stud.conf:2:17: ticket-secret /a: is empty");
});
