/** `-l`: the log goes to a file, and no line is lost however the file is rotated. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";
import { failHandshake, serving } from "../support/serving.ts";
import { startError } from "../support/start_error.ts";
import { Stud } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

/** A stud that logs to a file in a directory of its own. */
async function start(folder: string, ...args: string[]): Promise<{ stud: Stud; port: number }> {
  const port = freePort();
  const stud = Stud.spawn([
    ...["-l", `${folder}/log`, "--self-signed", "-f", `127.0.0.1,${port}`, "-b", "127.0.0.1,9"],
    ...args,
  ]);
  await serving(port);
  return { stud, port };
}

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "stud-test-" });
  try {
    await run(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function holds(path: string, text: string): Promise<void> {
  const read = () => {
    try {
      return Deno.readTextFileSync(path);
    } catch {
      return "";
    }
  };
  return eventually(`${path} holds ${text}`, () => read().includes(text), 10_000, read);
}

testWith(
  { linux: true },
  "the log is appended to a file that others cannot read, and the standard streams are empty",
  () =>
    withFolder(async (folder) => {
      const { stud } = await start(folder);
      await using _end = stud;
      await holds(`${folder}/log`, "info: 1 worker serves on ");
      assertEquals(Deno.statSync(`${folder}/log`).mode! & 0o137, 0);
      stud.signal("SIGTERM");
      assertEquals((await stud.ended()).code, 0);
      assertEquals([stud.stdout, stud.stderr], ["", ""]);
      const before = Deno.readTextFileSync(`${folder}/log`);
      const again = await start(folder);
      await using _other = again.stud;
      await holds(`${folder}/log`, `127.0.0.1:${again.port}`);
      assert(Deno.readTextFileSync(`${folder}/log`).startsWith(before));
    }),
);

testWith(
  { linux: true },
  "SIGHUP reopens the file after it was renamed",
  () =>
    withFolder(async (folder) => {
      const { stud } = await start(folder);
      await using _end = stud;
      await holds(`${folder}/log`, "serves on");
      Deno.renameSync(`${folder}/log`, `${folder}/old`);
      stud.signal("SIGHUP");
      await holds(`${folder}/log`, "reloaded: ");
      assert(!Deno.readTextFileSync(`${folder}/old`).includes("reloaded"));
    }),
);

testWith(
  { linux: true },
  "a renamed or truncated file is noticed without SIGHUP",
  () =>
    withFolder(async (folder) => {
      const { stud, port } = await start(folder, "-L", "2");
      await using _end = stud;
      await holds(`${folder}/log`, "serves on");
      // copytruncate: what comes next stands at the beginning.
      Deno.truncateSync(`${folder}/log`);
      await failHandshake(port);
      await eventually("a line", () => Deno.statSync(`${folder}/log`).size > 0);
      assert(Deno.readTextFileSync(`${folder}/log`).startsWith("2"));
      Deno.renameSync(`${folder}/log`, `${folder}/old`);
      stud.signal("SIGTERM");
      await stud.ended();
      const all = Deno.readTextFileSync(`${folder}/old`) + readIfThere(`${folder}/log`);
      assertStringIncludes(all, "info: stopped");
    }),
);

testWith(
  { linux: true },
  "-L 2 logs every connection that has ended",
  () =>
    withFolder(async (folder) => {
      const { stud, port } = await start(folder, "-L", "2");
      await using _end = stud;
      const client = await failHandshake(port);
      await holds(`${folder}/log`, `debug: worker 1: client ${client} to 127.0.0.1:${port}: ended`);
    }),
);

Deno.test("a log that cannot be opened is a start error", async () => {
  const args = ["--self-signed", "-f", "127.0.0.1,0", "-l"];
  assertStringIncludes(
    await startError([...args, "/no/such/place/log"]),
    "--log-filename /no/such/place/log: no such directory",
  );
  assertStringIncludes(
    await startError([...args, "/tmp"]),
    "--log-filename /tmp: is a directory, not a file",
  );
});

testWith({ linux: true }, "a full disk costs lines and no connection", async () => {
  const port = freePort();
  await using stud = Stud.spawn([
    ...["-l", "/dev/full", "--self-signed", "-f", `127.0.0.1,${port}`, "-b", "127.0.0.1,9"],
  ]);
  await serving(port);
  await failHandshake(port);
  stud.signal("SIGHUP");
  await failHandshake(port);
  stud.signal("SIGTERM");
  assertEquals((await stud.ended()).code, 0);
});

function readIfThere(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
