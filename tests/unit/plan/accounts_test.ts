/** Users and groups by their names. */

import { StartupError } from "../../../src/errors.ts";
import { findGroup, findUser } from "../../../src/plan/accounts.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";

function newRuntime(): FakeRuntime {
  const runtime = new FakeRuntime();
  runtime.files.texts.set(
    "/etc/passwd",
    "root:x:0:0:root:/root:/bin/sh\nwww:x:33:44:web:/var/www:/usr/sbin/nologin\n",
  );
  runtime.files.texts.set("/etc/group", "root:x:0:\nwww-data:x:33:www,root\n");
  return runtime;
}

Deno.test("findUser() finds uid and gid in /etc/passwd", async () => {
  assertEquals(await findUser(newRuntime(), "www"), { uid: 33, gid: 44 });
  assertEquals(await findUser(newRuntime(), "root"), { uid: 0, gid: 0 });
});

Deno.test("findGroup() finds the gid in /etc/group", async () => {
  assertEquals(await findGroup(newRuntime(), "www-data"), 33);
});

Deno.test("beyond the files getent is asked", async () => {
  const runtime = newRuntime();
  runtime.processes.outputs.set("getent passwd ldap", "ldap:*:1000:2000:L:/home/l:/bin/sh\n");
  runtime.processes.outputs.set("getent group staff", "staff:*:3000:\n");
  assertEquals(await findUser(runtime, "ldap"), { uid: 1000, gid: 2000 });
  assertEquals(await findGroup(runtime, "staff"), 3000);
});

Deno.test("getent is enough where there are no files", async () => {
  const runtime = new FakeRuntime();
  runtime.processes.outputs.set("getent passwd ldap", "ldap:*:1000:2000:L:/home/l:/bin/sh\n");
  assertEquals(await findUser(runtime, "ldap"), { uid: 1000, gid: 2000 });
});

Deno.test("an unknown name is a StartupError with option and name", async () => {
  const runtime = newRuntime();
  // getent also finds by number, which is not a name.
  runtime.processes.outputs.set("getent passwd 33", "www:x:33:44:web:/var/www:/bin/sh\n");
  for (const name of ["nobody", "33", "", "ww", "x"]) {
    await assertRejects(() => findUser(runtime, name), StartupError, `--user ${name}: no such`);
  }
  await assertRejects(
    () => findGroup(runtime, "www"),
    StartupError,
    "--group www: no such group",
  );
});
