/** Whom the backend's certificate must be from. */

import { StartupError } from "../../../src/errors.ts";
import { readBackendTls } from "../../../src/plan/backend_tls.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../../support/assert.ts";
import { Authority } from "../../support/authority.ts";
import { FakeFiles, FakeRuntime } from "../../support/fake_runtime.ts";
import { made } from "../../support/made_certificates.ts";
import { ON_DENO, ON_NODE, settingsOf } from "../config/settings_of.ts";

const BY_OPENSSL = "--tls-library=openssl";

function read(files: FakeFiles, argv: string[], libraries = ON_DENO, variables = {}) {
  const environment = new Map<string, string>(Object.entries(variables));
  const variable = (name: string) => environment.get(name);
  const sources = { files, variable, platform: "linux" };
  return readBackendTls(settingsOf(["--client", ...argv], undefined, libraries), sources);
}

Deno.test("without --client there is nothing to read", async () => {
  const plan = await readBackendTls(settingsOf(["a.pem"]), new FakeRuntime());
  assertEquals(plan, { configuration: undefined, warnings: [] });
});

Deno.test("--backend-ca is read, whichever library it is for", async () => {
  const files = new FakeFiles();
  const { certificate } = await made();
  files.texts.set("/ca.pem", `for the backend\n${certificate}`);
  for (const library of ["--tls-library=rustls", BY_OPENSSL]) {
    assertEquals((await read(files, ["--backend-ca=/ca.pem", library])).configuration, {
      authorities: certificate,
      name: "127.0.0.1",
      verify: true,
    });
  }
  files.texts.set("/ca.pem", "nothing");
  const { message } = await assertRejects(
    () => read(files, ["--backend-ca=/ca.pem"]),
    StartupError,
  );
  assertStringIncludes(message, "/ca.pem: ");
});

Deno.test("otherwise the first file of the machine's is, but for rustls, which finds its own", async () => {
  const files = new FakeFiles();
  files.texts.set("/etc/pki/tls/certs/ca-bundle.crt", "-----BEGIN CERTIFICATE-----…");
  const authorities = async (argv: string[], libraries = ON_DENO) =>
    (await read(files, argv, libraries)).configuration?.authorities;
  assertEquals(await authorities(["--tls-library=rustls"]), undefined);
  assertEquals(await authorities([]), "-----BEGIN CERTIFICATE-----…");
  assertEquals(await authorities([BY_OPENSSL]), "-----BEGIN CERTIFICATE-----…");
  assertEquals(await authorities([], ON_NODE), "-----BEGIN CERTIFICATE-----…");
});

Deno.test("a machine without such a file is told so, except under Node, which has some", async () => {
  const files = new FakeFiles();
  const { message } = await assertRejects(() => read(files, [BY_OPENSSL]), StartupError);
  assertStringIncludes(message, "install ca-certificates, or name a file with --backend-ca");
  assertEquals((await read(files, [], ON_NODE)).configuration?.authorities, undefined);
});

Deno.test("where nothing is verified nothing is read, and a warning says so", async () => {
  const { configuration, warnings } = await read(new FakeFiles(), [
    ...["--backend-verify=off", "--backend-ca=/missing", "-b", "/run/web"],
  ]);
  assertEquals(configuration, { authorities: undefined, name: undefined, verify: false });
  assertEquals(warnings.length, 1);
  assertStringIncludes(warnings[0]!, "--backend-verify=off: ");
});

Deno.test("revocation lists in the file of --backend-ca count, or stud does not start", async () => {
  const files = new FakeFiles();
  const [ours, other] = [await Authority.make("Ours"), await Authority.make("Other")];
  files.texts.set("/ca.pem", ours.certificate + await ours.revoke([]));
  for (const libraries of [ON_DENO, ON_NODE]) {
    const { configuration } = await read(files, ["--backend-ca=/ca.pem"], libraries);
    assertEquals(configuration?.revocationLists?.map(({ issuer }) => issuer), ["CN=Ours"]);
  }
  const refusal = async (...args: string[]) =>
    (await assertRejects(() => read(files, ["--backend-ca=/ca.pem", ...args]), StartupError))
      .message;
  assertStringIncludes(await refusal("--tls-library=rustls"), "rustls cannot use the revocation");
  files.texts.set("/ca.pem", ours.certificate + await other.revoke([]));
  assertStringIncludes(await refusal(), "of CN=Other, is from none of the authorities");
});
