/** `-u`, `-g` and `-r`: what workers have left once they listen, by what the kernel says of them. */

import { assert, assertEquals } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { temporaryPem } from "../support/certificates.ts";
import { runInProcess } from "../support/command_in_process.ts";
import { eventually } from "../support/eventually.ts";
import { threadFields } from "../support/proc.ts";
import { Stud, TLS_LIBRARY } from "../support/stud.ts";
import { echoOnce } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

/** Ids of Debian's `nobody` and of its groups `nogroup` and `daemon`. */
const NOBODY = 65_534;
const NOGROUP = 65_534;
const DAEMON = 1;

/** Node cannot change its root. */
const CHANGES_ROOT = TLS_LIBRARY !== "node";

/** Fails unless every thread of every worker is this user and group, without groups or capabilities. */
function assertIdentity(stud: Stud, uid: number, gid: number): void {
  const four = (id: number) => [id, id, id, id].join(" ");
  for (const pid of stud.workers()) {
    assertEquals(new Set(threadFields(pid, "Uid")), new Set([four(uid)]));
    assertEquals(new Set(threadFields(pid, "Gid")), new Set([four(gid)]));
    assertEquals(new Set(threadFields(pid, "Groups")), new Set([""]));
    if (uid === 0) continue;
    // What threads could hand on to programs (CapInh) is worth nothing where the bounding set is empty.
    for (const set of ["CapPrm", "CapEff", "CapAmb"]) {
      assertEquals(new Set(threadFields(pid, set)), new Set(["0".repeat(16)]), set);
    }
  }
}

/** Fails unless this is the root of every worker, and none has a way out of it by its working directory. */
function assertRoot(stud: Stud, root: string): void {
  for (const pid of stud.workers()) {
    assertEquals(Deno.readLinkSync(`/proc/${pid}/root`), root);
    const folder = Deno.readLinkSync(`/proc/${pid}/cwd`);
    assertEquals(folder, root === "/" ? Deno.cwd() : root);
  }
}

/** Kills the first worker and waits until another serves in its place. */
async function replaceOne(stud: Stud): Promise<void> {
  const [victim] = stud.workers();
  Deno.kill(victim!, "SIGKILL");
  await stud.output(/serves again/);
  await eventually("the dead worker is reaped", () => !stud.workers().includes(victim!));
}

testWith(
  { tools: ["setpriv"], root: true, linux: true },
  `workers become user and group${
    CHANGES_ROOT ? " inside the new root" : ""
  }, replaced ones too, and serve`,
  async () => {
    await using backend = Backend.serve(echo);
    using pem = await temporaryPem();
    using root = temporaryRoot();
    await using stud = await Stud.start(
      [
        ...["-n", "2", "-f", "127.0.0.1,0", "-b", backend.address],
        ...["-u", "nobody", "-g", "daemon", ...CHANGES_ROOT ? ["-r", root.path] : [], pem.path],
      ],
      {},
      { prefix: ["setpriv", "--groups=4,24"] },
    );
    assertEquals(new Set(threadFields(stud.pid, "Groups")), new Set(["4 24"]));
    assertEquals(stud.workers().length, 2);
    for (const check of ["first", "replaced"]) {
      assertIdentity(stud, NOBODY, DAEMON);
      assertRoot(stud, CHANGES_ROOT ? root.path : "/");
      for (let count = 0; count < 10; count++) await echoOnce(stud.port, pem, check);
      if (check === "first") await replaceOne(stud);
    }
    // The supervisor stays what it was, for it has workers to start.
    assertEquals(new Set(threadFields(stud.pid, "Uid")), new Set(["0 0 0 0"]));
    assertEquals(Deno.readLinkSync(`/proc/${stud.pid}/root`), "/");
    assert(!stud.stderr.includes("workers run as root"), stud.report());
  },
);

testWith({ root: true, linux: true }, "a user alone brings its own group", async () => {
  using pem = await temporaryPem();
  await using stud = await Stud.start(["-f", "127.0.0.1,0", "-u", "nobody", pem.path]);
  assertIdentity(stud, NOBODY, NOGROUP);
  assertRoot(stud, "/");
});

testWith(
  { tools: ["setpriv"], root: true, linux: true },
  "a group alone leaves the user, with a warning, and drops the supplementary groups",
  async () => {
    const args = ["--self-signed", "-f", "127.0.0.1,0", "-g", "daemon"];
    await using stud = await Stud.start(args, {}, { prefix: ["setpriv", "--groups=4,24"] });
    assertIdentity(stud, 0, DAEMON);
    await stud.output(/warning: workers run as root; .*--user/);
  },
);

testWith(
  { root: true, linux: true, notOnNode: true },
  "a root alone leaves user and group",
  async () => {
    await using backend = Backend.serve(echo);
    using pem = await temporaryPem();
    using root = temporaryRoot();
    await using stud = await Stud.start([
      ...["-f", "127.0.0.1,0", "-b", backend.address, "-r", root.path, pem.path],
    ]);
    assertRoot(stud, root.path);
    await echoOnce(stud.port, pem);
  },
);

testWith(
  { root: true, linux: true, keepsResources: true },
  "root without a user is warned by -t too",
  async () => {
    const { stderr } = await runInProcess(["-t", "--self-signed", "-f", "127.0.0.1,0"]);
    assert(/warning: workers run as root; .*--user/.test(stderr), stderr);
  },
);

/** A directory that everybody may enter. */
function temporaryRoot(): Disposable & { readonly path: string } {
  const path = Deno.makeTempDirSync({ prefix: "stud-test-" });
  Deno.chmodSync(path, 0o755);
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
