/** `-p`: one stud per pidfile. */

import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { startError } from "../support/start_error.ts";
import { Stud } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

const ARGS = ["--self-signed", "-f", "127.0.0.1,0", "-p"];

async function withPath(run: (path: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "stud-test-" });
  try {
    await run(`${folder}/pid`);
    // Nothing may be left but the file itself.
    for (const { name } of Deno.readDirSync(folder)) assertEquals(name, "pid");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

testWith(
  { linux: true },
  "the pidfile holds the process id, and is removed at the end",
  () =>
    withPath(async (path) => {
      await using stud = await Stud.start([...ARGS, path]);
      assertEquals(Deno.readTextFileSync(path), `${stud.pid}\n`);
      assertEquals(Deno.statSync(path).mode! & 0o777, 0o644);
      stud.signal("SIGTERM");
      assertEquals((await stud.ended()).code, 0);
      assertEquals([...Deno.readDirSync(path.slice(0, -4))], []);
    }),
);

testWith(
  { linux: true },
  "a second stud is refused in one line that names file and process",
  () =>
    withPath(async (path) => {
      await using stud = await Stud.start([...ARGS, path]);
      assertStringIncludes(
        await startError([...ARGS, path]),
        `--pidfile ${path}: stud is already running, as process ${stud.pid}`,
      );
      assertEquals(Deno.readTextFileSync(path), `${stud.pid}\n`);
    }),
);

testWith(
  { linux: true },
  "the file of a stud that was killed is taken over",
  () =>
    withPath(async (path) => {
      await using first = await Stud.start([...ARGS, path]);
      first.signal("SIGKILL");
      await first.ended();
      await using second = await Stud.start([...ARGS, path]);
      assertEquals(Deno.readTextFileSync(path), `${second.pid}\n`);
    }),
);

testWith(
  { linux: true },
  "so is one whose number belongs to another program now",
  () =>
    withPath(async (path) => {
      Deno.writeTextFileSync(path, `${Deno.pid}\n`);
      await using stud = await Stud.start([...ARGS, path]);
      assertEquals(Deno.readTextFileSync(path), `${stud.pid}\n`);
    }),
);

testWith(
  { linux: true },
  "a certificate given as the pidfile by mistake survives",
  () =>
    withPath(async (path) => {
      Deno.writeTextFileSync(path, "-----BEGIN CERTIFICATE-----\n");
      for (const check of [[], ["-t"]]) {
        assertStringIncludes(
          await startError([...check, ...ARGS, path]),
          `--pidfile ${path}: the file does not hold a process id`,
        );
      }
      assertEquals(Deno.readTextFileSync(path), "-----BEGIN CERTIFICATE-----\n");
    }),
);

Deno.test("a pidfile that cannot be written is a start error", async () => {
  assertStringIncludes(
    await startError([...ARGS, "/no/such/place/pid"]),
    "/no/such/place/pid: no such directory",
  );
});
