/** Which engine serves where the library that is preferred may be missing: on a platform in memory. */

import { StartupError } from "../../../src/errors.ts";
import { makeEngine } from "../../../src/tls/make_engine.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeOpenSsl } from "../../support/fake_openssl.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { TLS_CONFIGURATION } from "../../support/tls_configuration.ts";

const PREFERRED = { ...TLS_CONFIGURATION, library: "openssl", orElse: "rustls" } as const;

Deno.test("OpenSSL serves where it can be opened", async () => {
  const runtime = new FakeRuntime();
  runtime.openSsl = new FakeOpenSsl();
  const { name, library, missing } = await makeEngine(runtime, PREFERRED);
  assertEquals([name, library, missing], ["openssl", "OpenSSL 3.0.22 25 Aug 2026", undefined]);
  assertEquals(runtime.network.listeners, []);
});

Deno.test("without it rustls serves, says so, and has been asked what it thinks of the certificate", async () => {
  const runtime = new FakeRuntime();
  const { name, library, missing } = await makeEngine(runtime, PREFERRED);
  assertEquals([name, library, missing], [
    ...["rustls", "rustls (OpenSSL 3 cannot be used here)", "no OpenSSL here"],
  ]);
  assertEquals(runtime.network.listeners.map(({ options }) => options.port), [0]);
});

Deno.test("what others have found out is not found out again", async () => {
  const runtime = new FakeRuntime();
  runtime.openSsl = new FakeOpenSsl();
  const { name, missing } = await makeEngine(runtime, { ...PREFERRED, missing: "it was away" });
  assertEquals([name, missing], ["rustls", "it was away"]);
});

Deno.test("a certificate that OpenSSL refuses is an error, and none that rustls may serve instead", async () => {
  const runtime = new FakeRuntime();
  const openSsl = runtime.openSsl = new FakeOpenSsl();
  openSsl.judge = () => {
    throw new StartupError("ee key too small");
  };
  const engine = await makeEngine(runtime, PREFERRED);
  await assertRejects(() => engine.check(), StartupError, "ee key too small");
  assertEquals(runtime.network.listeners, []);
});

Deno.test("a certificate that rustls refuses is an error where only rustls is left", async () => {
  const runtime = new FakeRuntime();
  runtime.network.inUse.add("127.0.0.1:0");
  await assertRejects(() => makeEngine(runtime, PREFERRED), StartupError, "rustls cannot serve");
});

Deno.test("OpenSSL that was asked for is never replaced", async () => {
  const configuration = { ...TLS_CONFIGURATION, library: "openssl", because: "--ssl" } as const;
  await assertRejects(
    () => makeEngine(new FakeRuntime(), configuration),
    StartupError,
    "OpenSSL is needed because of --ssl: no OpenSSL here",
  );
});

Deno.test("TLS to the backend is by rustls, too, where there is no OpenSSL", async () => {
  const runtime = new FakeRuntime();
  runtime.network.answerTls = () => Promise.reject(new Error("untrusted"));
  const backend = { authorities: "authority", name: "a.example", verify: true };
  await assertRejects(
    () => makeEngine(runtime, { ...PREFERRED, backend }),
    StartupError,
    "--client: rustls cannot use these authorities: untrusted",
  );
});
