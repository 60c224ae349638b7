/** What is told of files that are no PEM; the corpus has one of each format. */

import { inCommand, otherFormat } from "../../../src/x509/other_formats.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("inCommand() writes a path as a shell takes it", () => {
  assertEquals(inCommand("/etc/stud/a_b-1.pem"), "/etc/stud/a_b-1.pem");
  assertEquals(inCommand("/srv/my key.pem"), "'/srv/my key.pem'");
  assertEquals(inCommand("it's"), "'it'\\''s'");
  assertEquals(inCommand("$(reboot)"), "'$(reboot)'");
});

Deno.test("otherFormat() takes text that begins like DER for text", () => {
  for (const text of ["0", "01\x02", "0 0", "007", "MII is no base64.", "AAAA"]) {
    assertEquals(otherFormat(text, "a"), "not a PEM file (it has no -----BEGIN line)", text);
  }
});

Deno.test("otherFormat() names the option that old PKCS #12 needs", () => {
  const encrypted = "0\ufffd\x09\ufffd\x02\x01\x03 *\ufffdH\ufffd\ufffd\r\x01\x0c\x01\x06";
  assertEquals(
    otherFormat(encrypted, "a"),
    "is PKCS #12, not PEM; convert it: openssl pkcs12 -legacy -in a -out cert.pem -nodes",
  );
});
