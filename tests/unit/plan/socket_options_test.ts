/** Socket options against what the kernel allows. */

import { StartupError } from "../../../src/errors.ts";
import { socketWarnings } from "../../../src/plan/socket_options.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { settingsOf } from "../config/settings_of.ts";

const OPTIONS = ["--tcp-fastopen", "--recv-bufsize=65536", "--send-bufsize=131072"];

function warningsOf(args: readonly string[], sysctls: Record<string, string>): Promise<string[]> {
  const runtime = new FakeRuntime();
  for (const [name, value] of Object.entries(sysctls)) {
    runtime.files.texts.set(`/proc/sys/net/${name}`, `${value}\n`);
  }
  return socketWarnings(settingsOf([...args, "a.pem"]), runtime);
}

Deno.test("socketWarnings() is silent about what the kernel allows or does not report", async () => {
  const enough = { "ipv4/tcp_fastopen": "3", "core/rmem_max": "65536", "core/wmem_max": "131072" };
  assertEquals(await warningsOf(OPTIONS, enough), []);
  assertEquals(await warningsOf(OPTIONS, {}), []);
  const little = { "ipv4/tcp_fastopen": "0", "core/rmem_max": "1", "core/wmem_max": "1" };
  assertEquals(await warningsOf([], little), []);
});

Deno.test("socketWarnings() names the sysctl that is in the way, and its value", async () => {
  const little = { "ipv4/tcp_fastopen": "1", "core/rmem_max": "65535", "core/wmem_max": "131071" };
  assertEquals(await warningsOf(OPTIONS, little), [
    "--tcp-fastopen: the kernel does not allow it for servers; set the sysctl " +
    "net.ipv4.tcp_fastopen to 3 (now 1)",
    "--recv-bufsize 65536: the kernel allows at most 65535; raise the sysctl net.core.rmem_max",
    "--send-bufsize 131072: the kernel allows at most 131071; raise the sysctl net.core.wmem_max",
  ]);
});

Deno.test("socketWarnings() refuses what only Linux can do", async () => {
  const runtime = new FakeRuntime();
  runtime.platform = "darwin";
  for (const option of OPTIONS) {
    await assertRejects(
      () => socketWarnings(settingsOf([option, "a.pem"]), runtime),
      StartupError,
      `${option.replace(/=.*/, "")}: only on Linux, this is darwin`,
    );
  }
  assertEquals(await socketWarnings(settingsOf(["a.pem"]), runtime), []);
});

Deno.test("socketWarnings() refuses what cannot be set without the kernel", async () => {
  const runtime = new FakeRuntime();
  runtime.kernel = undefined;
  for (const option of OPTIONS) {
    await assertRejects(
      () => socketWarnings(settingsOf([option, "a.pem"]), runtime),
      StartupError,
      `${option.replace(/=.*/, "")}: only on Linux, with foreign functions allowed`,
    );
  }
  assertEquals(await socketWarnings(settingsOf(["a.pem"]), runtime), []);
});
