/** What operators may write of who may connect; who is let in by it is in tests/contract/admission_test.ts. */

import {
  ClientNameError,
  parseAlternativeName,
  parseCommonName,
} from "../../../src/x509/client_name.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "../../support/assert.ts";

Deno.test("parseAlternativeName() takes the kinds in any case, and puts domains in lower case", () => {
  assertEquals(parseAlternativeName("dns:*.A.Example"), { kind: "DNS", value: "*.a.example" });
  assertEquals(parseAlternativeName("DNS:_a.b-c.xn--9"), { kind: "DNS", value: "_a.b-c.xn--9" });
  assertEquals(parseAlternativeName("uri:Spiffe://A/b"), { kind: "URI", value: "Spiffe://A/b" });
  assertEquals(parseAlternativeName("EMAIL:A.B@C.D"), { kind: "email", value: "A.B@c.d" });
});

Deno.test("parseAlternativeName() refuses what could be meant otherwise", () => {
  const refused = {
    "does not begin with DNS:": ["a.example", "IP:192.0.2.1", "DNS", " DNS:a", "", "CN:a"],
    "has nothing behind DNS:": ["DNS:"],
    "A-labels": ["DNS:zoë.example", "DNS:a .example", "URI:urn:a b", "email:zoë@a.example"],
    "is no DNS name": [
      ...["DNS:*", "DNS:*.", "DNS:a*.example", "DNS:a.*.example", "DNS:*.*.example", "DNS:**.a"],
      ...["DNS:a.example.", "DNS:.example", "DNS:a..b", "DNS:192.0.2.1", "DNS:-a.example"],
    ],
    "has a star": ["URI:spiffe://a/*", "email:*@a.example", "email:a@*.example"],
    "is no URI": ["URI:a.example/x", "URI:a:", "URI://a/b"],
    "is no mail address": ["email:a.example", "email:@a.example", "email:a@", "email:a@b@c"],
  };
  for (const [reason, texts] of Object.entries(refused)) {
    for (const text of texts) {
      const { message } = assertThrows(() => parseAlternativeName(text), ClientNameError);
      assertStringIncludes(message, reason, text);
    }
  }
});

Deno.test("parseCommonName() takes any text that can be seen, without a star", () => {
  for (const value of ["alice", "Alice & Söhne, Ltd", "a.example", "DNS:a"]) {
    assertEquals(parseCommonName(value), { kind: "CN", value });
  }
  for (const text of ["", "*", "*.example", "a\0", "a\x1b", "a\u200b"]) {
    assertThrows(() => parseCommonName(text), ClientNameError);
  }
});
