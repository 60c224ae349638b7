/** Lines that were meant to begin or end a PEM block. */

import { beginningSlips, endingSlip } from "../../../src/x509/pem_slips.ts";
import { assertEquals } from "../../support/assert.ts";

const NOTHING_ELSE = "those have five dashes on each side and nothing else";

Deno.test("beginningSlips() says what is wrong with a line that was meant to begin a block", () => {
  const faults: readonly (readonly [line: string, fault: string])[] = [
    ["------BEGIN CERTIFICATE-----", `line 2 is no -----BEGIN line: ${NOTHING_ELSE}`],
    ["-----BEGIN CERTIFICATE----", `line 2 is no -----BEGIN line: ${NOTHING_ELSE}`],
    ["— BEGIN CERTIFICATE —", `line 2 is no -----BEGIN line: ${NOTHING_ELSE}`],
    ["-----begin certificate-----", "line 2: -----BEGIN and what it names are written in capitals"],
    ["-----BEGIN Certificate-----", "line 2: -----BEGIN and what it names are written in capitals"],
    ["-----BEGIN X509 CRL----- MII", "line 2: a -----BEGIN line must be a line of its own"],
    ["-----BEGIN PRIVATE KEY-----\\nMII", "line 2 has \\n where line feeds belong"],
  ];
  for (const [line, fault] of faults) {
    for (const end of ["\n", "\r\n", "\r"]) {
      assertEquals(beginningSlips(["a", line, "b"].join(end), new Set()), [
        { line: 2, fault, isClear: true },
      ]);
    }
  }
});

Deno.test("beginningSlips() knows what may be a comment, and passes over what begins blocks or none", () => {
  const comment = "see -----BEGIN CERTIFICATE----- below";
  assertEquals(beginningSlips(comment, new Set()).map(({ isClear }) => isClear), [false]);
  const texts = [
    "",
    "to BEGIN A KEY",
    "-- BEGIN notes --",
    "-----BEGIN LETTER-----",
    "BEGIN CERTIFICATE",
  ];
  for (const text of texts) assertEquals(beginningSlips(text, new Set()), [], text);
  const two = "-----BEGIN CERTIFICATE-----\nx\n------BEGIN CERTIFICATE-----";
  assertEquals(beginningSlips(two, new Set([1])).map(({ line }) => line), [3]);
  assertEquals(beginningSlips("-----BEGIN CERTIFICATE-----", new Set([1])), []);
});

Deno.test("endingSlip() finds the line of a block that was meant to end it", () => {
  assertEquals(
    endingSlip(["MII", "-----END CERTIFICATE----"], 2),
    `line 3 is no -----END line: ${NOTHING_ELSE}`,
  );
  assertEquals(
    endingSlip(["MII-----end certificate-----"], 2),
    "line 2: -----END and what it names are written in capitals",
  );
  assertEquals(endingSlip(["MII", "the END"], 2), undefined);
});
