/** When certificates choose OpenSSL. */

import { StartupError } from "../../../src/errors.ts";
import { betterLibrary } from "../../../src/plan/better_library.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeOpenSsl } from "../../support/fake_openssl.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { TLS_CONFIGURATION } from "../../support/tls_configuration.ts";

const [only] = TLS_CONFIGURATION.certificates;
const TLS = {
  ...TLS_CONFIGURATION,
  library: "rustls" as const,
  certificates: [{ ...only!, fingerprint: "f00d", keyType: "rsa-pss" }],
};
const AUTO = { tlsLibrary: { name: "rustls", orBetter: "openssl", because: undefined } } as const;

/** A machine whose rustls refuses every certificate. */
function machine(openOpenSsl: () => FakeOpenSsl): FakeRuntime {
  const runtime = new FakeRuntime();
  runtime.network.listenTls = () => Promise.reject(new Error("failed to parse private key"));
  runtime.openOpenSsl = openOpenSsl;
  return runtime;
}

Deno.test("a certificate that rustls cannot serve chooses OpenSSL, and the reason is returned", async () => {
  const runtime = machine(() => new FakeOpenSsl());
  assertEquals(await betterLibrary(AUTO, [TLS], runtime), {
    name: "openssl",
    because: "a.pem, which rustls cannot serve: its key is for RSA-PSS only",
  });
});

Deno.test("rustls serves what it can, and what the operator wants it to or no OpenSSL is there for", async () => {
  const good = new FakeRuntime();
  good.openOpenSsl = () => new FakeOpenSsl();
  assertEquals(await betterLibrary(AUTO, [TLS], good), undefined);
  const insisting = { tlsLibrary: { name: "rustls", because: undefined } } as const;
  const both = machine(() => new FakeOpenSsl());
  assertEquals(await betterLibrary(insisting, [TLS], both), undefined);
  const alone = machine(() => {
    throw new StartupError("not found");
  });
  assertEquals(await betterLibrary(AUTO, [TLS], alone), undefined);
});

Deno.test("other faults are not the certificate's", async () => {
  const runtime = machine(() => {
    throw new TypeError("oops");
  });
  await assertRejects(() => betterLibrary(AUTO, [TLS], runtime), TypeError);
});
