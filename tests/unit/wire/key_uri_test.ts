/** Names of keys in tokens. */

import { isKeyUri } from "../../../src/wire/key_uri.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("isKeyUri() knows URIs from paths", () => {
  for (const uri of ["pkcs11:object=a", "PKCS11:"]) assertEquals(isKeyUri(uri), true, uri);
  for (const path of ["a.key", "/etc/pkcs11:a", "pkcs11", ""]) assertEquals(isKeyUri(path), false);
});
