/** What a worker has open once it serves, as seen from outside: no file, no directory, no memory of a file's. */

import { assert, assertEquals } from "../support/assert.ts";
import { ReloadingSite } from "../support/reloading_site.ts";
import { Stud } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

/** What lets a process reach files: descriptors by what they lead to, and memory that is written back. */
function reach(pid: number): string[] {
  const found: string[] = [];
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    const path = `/proc/${pid}/fd/${name}`;
    try {
      const { isFile, isDirectory, isBlockDevice } = Deno.statSync(path);
      if (isFile || isDirectory || isBlockDevice) found.push(`${name}: ${Deno.readLinkSync(path)}`);
    } catch (error) {
      // It has been closed since the folder was read.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  const maps = Deno.readTextFileSync(`/proc/${pid}/maps`);
  return [...found, ...maps.match(/^\S+ .w.s .*\/.*$/gm) ?? []];
}

for (const library of ["openssl", "rustls"] as const) {
  testWith(
    { root: true, linux: true, notOnNode: true },
    `a worker under --chroot has no file and no directory open, with ${library}`,
    async () => {
      using root = temporaryRoot();
      const lines = ['user = "nobody"', `chroot = "${root.path}"`, "workers = 2"];
      await using site = await ReloadingSite.start({ lines, library });
      assertEquals(site.stud.workers().map(reach), [[], []]);
      await site.echoOnce();
      // Without /proc it has to find its sockets among its descriptors again.
      for (let round = 0; round < 3; round++) {
        const next = await site.renew();
        await site.reload();
        for (let count = 0; count < 10; count++) await site.echoOnce(next);
      }
      assertEquals(site.stud.workers().map(reach), [[], []]);
      // The key is readable for all, so that any user can serve the site.
      const unexpected = site.stud.stderr.split("\n").filter((line) =>
        line !== "" && !line.includes("users other than its owner have access to this file")
      );
      assertEquals(unexpected, [], site.stud.report());
    },
  );
}

testWith(
  { root: true, linux: true, notOnNode: true },
  "what the caller of stud has open does not reach a worker",
  async () => {
    using root = temporaryRoot();
    const args = ["--self-signed", "-n", "1", "-f", "127.0.0.1,0", "-u", "nobody", "-r", root.path];
    const script = 'exec 7</ 8</etc/passwd 9>>"$0/log" && exec "$@"';
    await using stud = await Stud.start(args, {}, { prefix: ["sh", "-c", script, root.path] });
    assert(reach(stud.pid).includes("8: /etc/passwd"), "inherited");
    assertEquals(stud.workers().map(reach), [[]]);
  },
);

testWith({ linux: true }, "a worker has no file open without --user either", async () => {
  await using stud = await Stud.start(["--self-signed", "-n", "1", "-f", "127.0.0.1,0"]);
  assertEquals(stud.workers().map(reach), [[]]);
});

/** A directory that everybody may enter. */
function temporaryRoot(): Disposable & { readonly path: string } {
  const path = Deno.makeTempDirSync({ prefix: "stud-test-" });
  Deno.chmodSync(path, 0o755);
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
