import { parseCipherList } from "../../../src/config/cipher_list.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("a list of ciphers is spelled as OpenSSL spells it", () => {
  const lists: [string, string][] = [
    ["high:!anull:!md5", "HIGH:!aNULL:!MD5"],
    ["High:-krsa:+Default", "HIGH:-kRSA:+DEFAULT"],
    ["eecdh+aesgcm:@seclevel=1", "EECDH+AESGCM:@SECLEVEL=1"],
    ["ecdhe-rsa-aes128-gcm-sha256", "ECDHE-RSA-AES128-GCM-SHA256"],
    ["tlsv1.2", "TLSv1.2"],
  ];
  for (const [text, expected] of lists) {
    assertEquals(parseCipherList(text), expected);
    assertEquals(parseCipherList(expected), expected);
  }
});

Deno.test("unknown names stay unchanged", () => {
  for (const text of ["kNEW:aNEW+High5", "PROFILE=SYSTEM", ""]) {
    assertEquals(parseCipherList(text), text);
  }
});
