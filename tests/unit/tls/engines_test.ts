/** The rows of the engines, on a platform in memory. */

import { StartupError } from "../../../src/errors.ts";
import { ENGINES } from "../../../src/tls/engines.ts";
import { assertEquals, assertRejects, assertThrows } from "../../support/assert.ts";
import { FakeOpenSsl } from "../../support/fake_openssl.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { TLS_CONFIGURATION } from "../../support/tls_configuration.ts";

Deno.test("a row makes the engine of its name", async () => {
  const runtime = new FakeRuntime();
  runtime.openSsl = new FakeOpenSsl();
  for (const library of ["rustls", "openssl"] as const) {
    const engine = await ENGINES[library].engine(runtime, { ...TLS_CONFIGURATION, library });
    assertEquals(engine.name, library);
  }
});

Deno.test("only an engine that can staple gets new responses", async () => {
  const runtime = new FakeRuntime();
  runtime.openSsl = new FakeOpenSsl();
  for (const library of ["rustls", "openssl"] as const) {
    const { staples, engine } = ENGINES[library];
    const made = await engine(runtime, { ...TLS_CONFIGURATION, library });
    assertEquals(made.staple !== undefined, staples !== "none", library);
  }
});

Deno.test("a missing library is reported by its row and by what the row makes", async () => {
  const runtime = new FakeRuntime();
  const { version, engine } = ENGINES.openssl;
  assertThrows(() => version(runtime), StartupError, "no OpenSSL here");
  const configuration = { ...TLS_CONFIGURATION, library: "openssl" } as const;
  await assertRejects(() => engine(runtime, configuration), StartupError, "no OpenSSL here");
});
