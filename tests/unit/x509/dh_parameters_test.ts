/** DH parameters of both kinds, and what is said of weak or missing ones. */

import { StartupError } from "../../../src/errors.ts";
import type { CheckedCertificate } from "../../../src/x509/certificate_file.ts";
import { dhBits, findDhParameters } from "../../../src/x509/dh_parameters.ts";
import { dhWarnings } from "../../../src/plan/key_warnings.ts";
import { encodeDer } from "../../../src/x509/der.ts";
import { formatPem, parsePem } from "../../../src/x509/pem.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";
import { settingsOf } from "../config/settings_of.ts";

const number = (bytes: number, first: number) =>
  encodeDer(0x02, Uint8Array.from([0, first, ...Array(bytes - 1).fill(1)]));
const two = encodeDer(0x02, Uint8Array.of(2));

function found(label: string, ...parts: Uint8Array[]): string | undefined {
  return findDhParameters(parsePem(formatPem(label, encodeDer(0x30, ...parts))), "a.pem");
}

Deno.test("findDhParameters() takes PKCS #3 and X9.42, and gives PKCS #3", () => {
  const prime = number(256, 0x80);
  const plain = found("DH PARAMETERS", prime, two);
  assertEquals(plain, formatPem("DH PARAMETERS", encodeDer(0x30, prime, two)));
  assertEquals(found("X9.42 DH PARAMETERS", prime, two, number(32, 0x90)), plain);
  assertEquals(found("DH PARAMETERS", prime, two, encodeDer(0x02, Uint8Array.of(9))), plain);
  assertEquals(found("EC PARAMETERS", prime, two), undefined);
});

Deno.test("findDhParameters() names the line of damaged ones", () => {
  const damaged = [[], [two], [two, encodeDer(0x04)], [two, encodeDer(0x02, Uint8Array.of(0))]];
  for (const parts of damaged) {
    const { message } = assertThrows(() => found("DH PARAMETERS", ...parts), StartupError);
    assertEquals(
      message,
      "a.pem: the DH parameters of line 1 are damaged; make new ones: openssl dhparam 2048",
    );
  }
});

Deno.test("dhBits() is the length of the prime", () => {
  const bits = (bytes: number, first: number) =>
    dhBits(found("DH PARAMETERS", number(bytes, first), two)!);
  assertEquals([bits(256, 0x80), bits(256, 1), bits(128, 0xff)], [2048, 2041, 1024]);
});

Deno.test("dhWarnings() says where DHE is asked for and cannot work", () => {
  const warnings = (ciphers: string, bytes?: number) => {
    const args = ciphers === "" ? [] : ["-c", ciphers];
    const dhParameters = bytes === undefined ? {} : {
      dhParameters: found("DH PARAMETERS", number(bytes, 0x80), two),
    };
    const certificate = { source: "a.pem", ...dhParameters } as CheckedCertificate;
    return dhWarnings(settingsOf([...args, "a.pem"]).engine, [certificate]).map((line) =>
      line.split(/[,;]/)[0]
    );
  };
  const none = ["-c/--ciphers names DHE"];
  const weak = ["a.pem: its DH parameters have 1024 bits"];
  assertEquals(warnings("DHE-RSA-AES128-GCM-SHA256"), none);
  assertEquals(warnings("HIGH:+kDHE:EDH"), none);
  assertEquals(warnings("ECDHE-RSA-AES128-GCM-SHA256:HIGH:!DHE:-DH"), []);
  assertEquals(warnings(""), []);
  assertEquals(warnings("", 128), weak);
  assertEquals(warnings("DHE-RSA-AES128-GCM-SHA256", 128), weak);
  assertEquals(warnings("DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0", 128), []);
  assertEquals(warnings("DHE-RSA-AES128-GCM-SHA256", 256), []);
});
