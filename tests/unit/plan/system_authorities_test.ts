/** Which authorities OpenSSL gets without `--backend-ca`: those that the environment names, or the machine's. */

import { StartupError } from "../../../src/errors.ts";
import { systemAuthorities } from "../../../src/plan/system_authorities.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";

const MACHINE = "/etc/ssl/certs/ca-certificates.crt";

function pem(name: string): string {
  return `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----`;
}

/** A machine with authorities, files of others, and these variables. */
function machine(variables: Readonly<Record<string, string>>): FakeRuntime {
  const runtime = new FakeRuntime();
  for (const [name, value] of Object.entries(variables)) runtime.variables.set(name, value);
  const { texts } = runtime.files;
  texts.set(MACHINE, pem("machine"));
  texts.set("/own/ca.pem", pem("own"));
  texts.set("/own/empty.pem", "nothing");
  texts.set("/hashed/0a1b2c3d.0", pem("first"));
  texts.set("/hashed/0a1b2c3d.1", pem("second"));
  texts.set("/hashed/ffffffff.0", pem("third"));
  texts.set("/hashed/ffffffff.r0", "a revocation list");
  texts.set("/hashed/copy.pem", pem("copy"));
  texts.set("/more/12345678.0", pem("more"));
  return runtime;
}

function found(
  variables: Readonly<Record<string, string>>,
  library: "openssl" | "node" = "openssl",
) {
  return systemAuthorities(library, machine(variables));
}

Deno.test("without variables, or with empty ones, the machine's file is read", async () => {
  assertEquals(await found({}), pem("machine"));
  assertEquals(await found({ SSL_CERT_FILE: "", SSL_CERT_DIR: "" }), pem("machine"));
});

Deno.test("SSL_CERT_FILE replaces the machine's authorities, under Node too", async () => {
  for (const library of ["openssl", "node"] as const) {
    assertEquals(await found({ SSL_CERT_FILE: "/own/ca.pem" }, library), pem("own"));
  }
});

Deno.test("SSL_CERT_DIR names directories, whose files count by their hashed names", async () => {
  assertEquals(
    await found({ SSL_CERT_DIR: "/hashed:/missing:/more" }),
    ["first", "second", "third", "more"].map(pem).join("\n"),
  );
});

Deno.test("SSL_CERT_FILE and SSL_CERT_DIR together are both trusted", async () => {
  const both = { SSL_CERT_FILE: "/own/ca.pem", SSL_CERT_DIR: "/more" };
  assertEquals(await found(both), ["own", "more"].map(pem).join("\n"));
});

Deno.test("rustls reads the variables itself", async () => {
  assertEquals(
    await systemAuthorities("rustls", machine({ SSL_CERT_FILE: "/missing" })),
    undefined,
  );
});

Deno.test("a variable that leads to no authority stops the start instead of trusting the machine's", async () => {
  const refusal = async (variables: Readonly<Record<string, string>>) =>
    (await assertRejects(() => found(variables), StartupError)).message;
  assertStringIncludes(
    await refusal({ SSL_CERT_FILE: "/own/missing.pem" }),
    "SSL_CERT_FILE: /own/missing.pem: no such file; correct or unset it",
  );
  assertStringIncludes(
    await refusal({ SSL_CERT_FILE: "/own/empty.pem", SSL_CERT_DIR: "/own" }),
    "no trusted authority in SSL_CERT_FILE /own/empty.pem or SSL_CERT_DIR /own; correct or unset",
  );
  assertStringIncludes(await refusal({ SSL_CERT_DIR: "/missing" }), "openssl rehash");
});
