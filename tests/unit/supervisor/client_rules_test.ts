/** Rules for clients. */

import { StartupError } from "../../../src/errors.ts";
import { ClientRulesReader } from "../../../src/supervisor/client_rules.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../../support/assert.ts";
import { made } from "../../support/made_certificates.ts";

Deno.test("read() reads a file once, however many rules name it", async () => {
  const { certificate } = await made();
  const reads: string[] = [];
  const reader = new ClientRulesReader({
    readText: (path) => Promise.resolve((reads.push(path), certificate)),
  });
  for (const verify of ["required", "optional"] as const) {
    assertEquals(await reader.read(verify, "/ca"), { verify, authorities: certificate });
  }
  assertEquals(reads, ["/ca"]);
});

Deno.test("read() needs no authorities where nothing is verified, and some where it is", async () => {
  const reader = new ClientRulesReader({ readText: () => Promise.reject(new Error("read")) });
  assertEquals(await reader.read("none", "/ca"), { verify: "none", authorities: "" });
  const { message } = await assertRejects(() => reader.read("required", undefined), StartupError);
  assertStringIncludes(message, "client-verify = required needs the authorities");
});
