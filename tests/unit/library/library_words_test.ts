/** Messages that were written for the command line, as a program reads them. */

import { PeerError, StartupError, UsageError } from "../../../src/errors.ts";
import { inLibraryWords } from "../../../src/library/library_words.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("inLibraryWords() calls options by the library's names, and keeps the rest", () => {
  const cases = [
    ["--frontend 127.0.0.1:443: the port is in use", "frontend 127.0.0.1:443: the port is in use"],
    ["-c/--ciphers X: no cipher match", "ciphers X: no cipher match"],
    ["needs --client-verify=required, not", 'needs clientVerify: "required", not'],
    ["of no use without --write-proxy-v2", 'of no use without preface: "proxy-v2"'],
    ["add --backend-verify=off", "add backendVerify: false"],
    [
      "give its key with --private-key FILE or append it",
      "give its key with privateKeyFile or append it",
    ],
    ["/etc/a--pem-dir/b: no -----BEGIN line", "/etc/a--pem-dir/b: no -----BEGIN line"],
    ["--workers 2: only the command has it", "--workers 2: only the command has it"],
  ];
  for (const [written, read] of cases) {
    for (const Class of [UsageError, StartupError]) {
      const cause = new Error("the cause");
      const error = inLibraryWords(new Class(written, { cause })) as Error;
      assertEquals([error.message, error.constructor, error.cause], [read, Class, cause]);
    }
  }
  const other = new PeerError("client", "reset", "--backend");
  assertEquals(inLibraryWords(other), other);
});
