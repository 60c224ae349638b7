/** The host's OpenSSL as a whole. */

import { openOpenSsl } from "../../../../src/runtime/openssl/library.ts";
import { OpenSslError } from "../../../../src/runtime/openssl.ts";
import { assert, assertEquals, assertThrows } from "../../../support/assert.ts";
import { library } from "./real_openssl.ts";

Deno.test("openOpenSsl() opens the library once", () => {
  assert(openOpenSsl() === library);
});

Deno.test("version is what OpenSSL calls itself, with the number of the release", () => {
  assert(/^OpenSSL [3-9]\.\d+\.\d+/.test(library.version), library.version);
});

Deno.test("useEngine() refuses an engine that does not exist", () => {
  const error = assertThrows(() => library.useEngine("no-such-engine"), OpenSslError);
  assertEquals([error.subject, error.message === ""], ["engine", false]);
});
