/** The library in memory: what a program reads if a file is at fault. */

import { StartupError } from "../../src/errors.ts";
import { terminateOn } from "../../src/terminate.ts";
import { makeSelfSigned } from "../../src/x509/self_signed.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { FakeRuntime } from "../support/fake_runtime.ts";

Deno.test("an option whose file is at fault is named as in the library", async () => {
  const pem = await makeSelfSigned("localhost", new Date());
  const withoutKey = pem.slice(0, pem.indexOf("-----BEGIN PRIVATE KEY"));
  const cases = [
    [{ pemFile: "a.pem" }, "pemFile a.pem: no such file"],
    [{ pemFile: ["a.pem", "b.pem"] }, "pemFile a.pem: no such file"],
    [{ pemDir: "pem" }, "pemDir pem: no such directory"],
    [{ selfSigned: true, ticketSecretFile: "a" }, "ticketSecretFile a: no such file"],
    [{ frontend: "*,443+a.pem" }, "frontend a.pem: no such file"],
    [{ pem: withoutKey }, "pem: no private key in it; append the key to the certificate"],
  ] as const;
  for (const [options, line] of cases) {
    const error = await assertRejects(() => terminateOn(new FakeRuntime(), options), StartupError);
    assertEquals(error.message, line);
  }
});
