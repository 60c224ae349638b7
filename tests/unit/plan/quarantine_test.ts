/** Bad certificates, at the start and later. */

import { StartupError } from "../../../src/errors.ts";
import { Quarantine } from "../../../src/plan/quarantine.ts";
import type { CheckedCertificate } from "../../../src/x509/certificate_file.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";

const BEFORE = { source: "a.pem" } as CheckedCertificate;

function fail(message: string): () => Promise<never> {
  return () => Promise.reject(new StartupError(message));
}

Deno.test("attempt() passes faults on at the start", async () => {
  const quarantine = new Quarantine(undefined);
  await assertRejects(() => quarantine.attempt("a.pem", fail("a.pem: bad")), StartupError);
  assertEquals([quarantine.lines, quarantine.fault], [[], undefined]);
});

Deno.test("attempt() gathers faults later, each with what becomes of its certificate", async () => {
  const quarantine = new Quarantine([BEFORE]);
  assertEquals(await quarantine.attempt("c.pem", () => Promise.resolve("good")), "good");
  assertEquals(await quarantine.attempt("a.pem", fail("a.pem: bad")), undefined);
  assertEquals(await quarantine.attempt("b.pem", fail("b.pem: no such file")), undefined);
  assertEquals(quarantine.fault?.message, "a.pem: bad");
  assertEquals(quarantine.lines, [
    "a.pem: bad; stud keeps serving its previous certificate",
    "b.pem: no such file; stud does not serve it",
  ]);
});

Deno.test("former() is for what is in quarantine, and was good", async () => {
  const quarantine = new Quarantine([BEFORE, { ...BEFORE, source: "good.pem" }]);
  for (const source of ["a.pem", "b.pem"]) await quarantine.attempt(source, fail("bad"));
  assertEquals(["a.pem", "b.pem", "good.pem"].map((source) => quarantine.former(source)), [
    ...[BEFORE, undefined, undefined],
  ]);
});

Deno.test("attempt() passes on what is a fault of stud itself", async () => {
  const quarantine = new Quarantine([BEFORE]);
  await assertRejects(
    () => quarantine.attempt("a.pem", () => Promise.reject(new TypeError("oops"))),
    TypeError,
  );
});
