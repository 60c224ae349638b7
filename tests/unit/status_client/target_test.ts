/** Which running stud `stud status` and `stud top` mean. */

import { findTarget } from "../../../src/status_client/target.ts";
import { StartupError, UsageError } from "../../../src/errors.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";

Deno.test("without a text it is the usual socket if there is one, or the usual port", async () => {
  const runtime = new FakeRuntime();
  assertEquals(await findTarget(undefined, runtime), {
    kind: "tcp",
    host: "127.0.0.1",
    port: 8404,
  });
  runtime.service.kinds.set("/run/stud/status.sock", "socket");
  assertEquals(await findTarget(undefined, runtime), {
    kind: "unix",
    path: "/run/stud/status.sock",
  });
});

Deno.test("an address is one in any form that --status takes, and every address is the loopback one", async () => {
  const runtime = new FakeRuntime();
  const cases = [
    ["127.0.0.1:9000", "127.0.0.1", 9000],
    ["[::1]:9000", "::1", 9000],
    ["localhost,9000", "localhost", 9000],
    ["*,9000", "127.0.0.1", 9000],
    ["::,9000", "::1", 9000],
  ] as const;
  for (const [text, host, port] of cases) {
    assertEquals(await findTarget(text, runtime), { kind: "tcp", host, port }, text);
  }
  await assertRejects(
    () => findTarget("stud.sock", runtime),
    UsageError,
    "stud.sock: no such socket or pidfile; write an address as HOST,PORT",
  );
  await assertRejects(() => findTarget("127.0.0.1:0", runtime), StartupError, "the log says which");
  await assertRejects(() => findTarget("/no/such", runtime), StartupError, "no such socket");
});

Deno.test("a file must have a process id", async () => {
  const runtime = new FakeRuntime();
  runtime.service.kinds.set("/run/stud.pid", "file");
  for (const text of ["", "hello", "-1", "1 2", "99999999"]) {
    runtime.files.texts.set("/run/stud.pid", text);
    await assertRejects(() => findTarget("/run/stud.pid", runtime), StartupError, "no pidfile");
  }
});

Deno.test("a process that is no stud is not taken for one with a wrong option", async () => {
  const runtime = new FakeRuntime();
  runtime.files.texts.set("/proc/7/cmdline", "/sbin/init\0--firecracker-init\0");
  await assertRejects(() => findTarget("7", runtime), StartupError, "process 7 is no stud");
});

Deno.test("a configuration file that cannot be read is named with its process", async () => {
  const runtime = new FakeRuntime();
  runtime.files.texts.set("/proc/7/cmdline", "/usr/bin/stud\0--config\0/etc/stud.conf\0");
  await assertRejects(
    () => findTarget("7", runtime),
    StartupError,
    "process 7 was started with --config /etc/stud.conf: no such file; give the address",
  );
});
