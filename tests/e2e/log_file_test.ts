/** `-l`: the log goes to a file, and no line is lost however the file is rotated. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";
import { failHandshake, serving } from "../support/serving.ts";
import { Shared } from "../support/shared.ts";
import { startErrorInProcess } from "../support/start_error.ts";
import { Stud } from "../support/stud.ts";
import { Folder } from "../support/tls_site.ts";
import { testWith } from "../support/tools.ts";

/** A stud that logs to a file in a directory of its own. */
async function start(folder: string, ...args: string[]): Promise<{ stud: Stud; port: number }> {
  const port = freePort();
  const stud = Stud.spawn([
    ...["-l", `${folder}/log`, "--self-signed", "-f", `127.0.0.1,${port}`, "-b", "127.0.0.1,9"],
    ...args,
  ]);
  try {
    await serving(port);
  } catch (error) {
    await stud[Symbol.asyncDispose]();
    throw error;
  }
  return { stud, port };
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
  "the log is in a file that others cannot read, and the standard streams are empty",
  async () => {
    using place = new Folder();
    const folder = place.path;
    const { stud } = await start(folder);
    await using _end = stud;
    await holds(`${folder}/log`, "info: 1 worker serves on ");
    assertEquals(Deno.statSync(`${folder}/log`).mode! & 0o137, 0);
    stud.signal("SIGTERM");
    assertEquals((await stud.ended()).code, 0);
    assertEquals([stud.stdout, stud.stderr], ["", ""]);
  },
);

/** A stud that logs every connection too, to a file that was there before it, and its folder. */
const shared = new Shared(async () => {
  const folder = new Folder();
  try {
    const path = folder.write("log", "a line of a former run\n");
    const { stud, port } = await start(folder.path, "-L", "2");
    await holds(path, "info: 1 worker serves on ");
    return {
      ...{ stud, port, path, old: `${folder.path}/old`, begun: Deno.readTextFileSync(path) },
      forget: () => {},
      settle: () => Promise.resolve(),
      [Symbol.asyncDispose]: async () => {
        await stud[Symbol.asyncDispose]();
        folder[Symbol.dispose]();
      },
    };
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
});

shared.test({ linux: true }, "the log is appended to what is in the file", ({ begun }) => {
  assert(/^a line of a former run\n2\S+ \w+: /.test(begun), begun);
  return Promise.resolve();
});

shared.test(
  { linux: true },
  "SIGHUP reopens the file after it was renamed",
  async ({ stud, port, path, old }) => {
    // stud has just looked at the file, and would look again later.
    await holds(path, `client ${await failHandshake(port)} to `);
    Deno.renameSync(path, old);
    stud.signal("SIGHUP");
    await holds(path, "reloaded: ");
    assert(!Deno.readTextFileSync(old).includes("reloaded"));
  },
);

shared.test(
  { linux: true },
  "a renamed or truncated file is noticed without SIGHUP",
  async ({ port, path, old }) => {
    // copytruncate: what comes next stands at the beginning.
    Deno.truncateSync(path);
    await failHandshake(port);
    await eventually("a line", () => Deno.statSync(path).size > 0);
    assert(Deno.readTextFileSync(path).startsWith("2"));
    Deno.renameSync(path, old);
    const client = await failHandshake(port);
    const all = () => readIfThere(old) + readIfThere(path);
    await eventually("no line is lost", () => all().includes(`client ${client} to `), 10_000, all);
    await eventually("a new file", async () => {
      await failHandshake(port);
      return readIfThere(path) !== "";
    });
  },
);

shared.test(
  { linux: true },
  "-L 2 logs every connection that has ended",
  async ({ port, path }) => {
    const client = await failHandshake(port);
    await holds(path, `debug: worker 1: client ${client} to 127.0.0.1:${port}: ended`);
  },
);

testWith({ keepsResources: true }, "a log that cannot be opened is a start error", async () => {
  assertStringIncludes(
    await startErrorInProcess(["--self-signed", "-f", "127.0.0.1,0", "-l", "/no/such/place/log"]),
    "--log-filename /no/such/place/log: no such directory",
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
