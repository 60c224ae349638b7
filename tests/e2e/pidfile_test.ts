/** `-p`: one stud per pidfile. */

import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { startErrorInProcess } from "../support/start_error.ts";
import { Stud } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

/** In the test's process the command keeps the C library open. */
const IN_PROCESS = { linux: true, keepsResources: true };

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
  IN_PROCESS,
  "the pidfile holds the process id, a second stud is refused by it, and it is removed at the end",
  () =>
    withPath(async (path) => {
      await using stud = await Stud.start([...ARGS, path]);
      assertEquals(Deno.readTextFileSync(path), `${stud.pid}\n`);
      assertEquals(Deno.statSync(path).mode! & 0o777, 0o644);
      const line = `--pidfile ${path}: stud is already running, as process ${stud.pid}`;
      assertStringIncludes(await startErrorInProcess([...ARGS, path]), line);
      assertEquals(Deno.readTextFileSync(path), `${stud.pid}\n`);
      stud.signal("SIGTERM");
      assertEquals((await stud.ended()).code, 0);
      assertEquals([...Deno.readDirSync(path.slice(0, -4))], []);
    }),
);

testWith(
  { linux: true },
  "the file of a stud that was killed is taken over, also if another program has its number now",
  () =>
    withPath(async (path) => {
      Deno.writeTextFileSync(path, `${Deno.pid}\n`);
      await using first = await Stud.start([...ARGS, path]);
      assertEquals(Deno.readTextFileSync(path), `${first.pid}\n`);
      first.signal("SIGKILL");
      await first.ended();
      await using second = await Stud.start([...ARGS, path]);
      assertEquals(Deno.readTextFileSync(path), `${second.pid}\n`);
    }),
);

testWith(
  IN_PROCESS,
  "a certificate given as the pidfile by mistake survives",
  () =>
    withPath(async (path) => {
      Deno.writeTextFileSync(path, "-----BEGIN CERTIFICATE-----\n");
      for (const check of [[], ["-t"]]) {
        assertStringIncludes(
          await startErrorInProcess([...check, ...ARGS, path]),
          `--pidfile ${path}: the file does not hold a process id`,
        );
      }
      assertEquals(Deno.readTextFileSync(path), "-----BEGIN CERTIFICATE-----\n");
    }),
);

testWith(IN_PROCESS, "a pidfile that cannot be written is a start error", async () => {
  assertStringIncludes(
    await startErrorInProcess([...ARGS, "/no/such/place/pid"]),
    "/no/such/place/pid: no such directory",
  );
});
