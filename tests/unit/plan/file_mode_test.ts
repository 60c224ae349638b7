/** Files with secrets in them that others may use. */

import { fileModeWarnings } from "../../../src/plan/file_mode.ts";
import { loadCertificates } from "../../../src/plan/certificates.ts";
import { assertEquals } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { made } from "../../support/made_certificates.ts";
import { settingsOf } from "../config/settings_of.ts";

const modes = (of: Readonly<Record<string, number>>) => ({
  mode: (path: string) => Promise.resolve(of[path]),
});

Deno.test("fileModeWarnings() warns of files for others, and of directories in which anybody may write", async () => {
  const of = (file: number, directory = 0o755) =>
    fileModeWarnings(modes({ "/etc/a": file, "/etc": directory }), "/etc/a", "that is bad");
  for (const good of [0o600, 0o400, 0o700]) assertEquals(await of(good), []);
  for (const bad of [0o640, 0o604, 0o620, 0o602, 0o666]) assertEquals((await of(bad)).length, 1);
  assertEquals(await of(0o644), [
    "/etc/a: users other than its owner have access to this file (mode 0644), and that is bad; run: " +
    "chmod 600 /etc/a",
  ]);
  assertEquals(await of(0o600, 0o777), [
    "/etc/a: anyone can replace this file, because its directory is world-writable (mode " +
    "0777); run: chmod o-w /etc",
  ]);
  assertEquals(await of(0o600, 0o1777), []);
  assertEquals(await fileModeWarnings(modes({}), "a", "that is bad"), []);
  const forGroup = (mode: number) =>
    fileModeWarnings(modes({ "/a": mode }), "/a", "that is bad", { groupMayRead: true });
  assertEquals(await forGroup(0o640), []);
  for (const bad of [0o660, 0o644, 0o604]) assertEquals((await forGroup(bad)).length, 1);
});

Deno.test("loadCertificates() warns of private keys that others may use, wherever they are", async () => {
  const [one, two] = await Promise.all([made({ names: ["a"] }), made({ names: ["b"] })]);
  const runtime = new FakeRuntime();
  for (
    const [path, text] of Object.entries({ "/a": one.pem, "/b": two.certificate, "/k": two.key })
  ) {
    runtime.files.texts.set(path, text);
  }
  const warned = async () => {
    const settings = settingsOf(["--private-key=/k", "/a", "/b"]);
    return (await loadCertificates(settings, runtime)).warnings
      .filter((line) => line.includes("other than its owner")).map((line) => line.slice(0, 2));
  };
  assertEquals(await warned(), []);
  runtime.files.modes.set("/a", 0o644);
  // It has no secret in it.
  runtime.files.modes.set("/b", 0o644);
  assertEquals(await warned(), ["/a"]);
  runtime.files.modes.set("/k", 0o604);
  assertEquals(await warned(), ["/a", "/k"]);
});
