/** Private keys that come to OpenSSL as bytes: read once, overwritten, and shared by contexts. */

import { KeyBytes } from "../../../../src/x509/key_bytes.ts";
import { overwritingFreed } from "../../../../src/runtime/deno/freed_memory.ts";
import { OpenSslError } from "../../../../src/runtime/openssl.ts";
import { assert, assertEquals, assertThrows } from "../../../support/assert.ts";
import { made } from "../../../support/made_certificates.ts";
import { testWith } from "../../../support/tools.ts";
import { certificateOf, library, OPTIONS } from "./real_openssl.ts";

// The C library stays open for as long as the process lives.
overwritingFreed(() => {});

const contextOptions = (certificate: string, key: KeyBytes) => ({
  ...OPTIONS,
  ...certificateOf(certificate, key),
});
const keyBytes = (text: string) => new KeyBytes(new Uint8Array(new TextEncoder().encode(text)));

testWith(
  { linux: true },
  "a key is overwritten once OpenSSL has it, and good for more contexts",
  async () => {
    const { certificate, key } = await made({ names: ["a.example"] });
    const privateKey = keyBytes(key);
    const { bytes } = privateKey;
    const options = contextOptions(certificate, privateKey);
    const first = library.newContext(options);
    assertEquals(privateKey.bytes, undefined);
    assert(bytes!.every((byte) => byte === 0));
    const second = library.newContext(options);
    first.free();
    library.newContext(options).free();
    second.free();
  },
);

testWith({ linux: true }, "a key that OpenSSL does not take stays as it is", async () => {
  const { certificate } = await made({ names: ["a.example"] });
  const privateKey = keyBytes("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
  const error = assertThrows(
    () => library.newContext(contextOptions(certificate, privateKey)),
    OpenSslError,
  );
  assertEquals([error.subject, privateKey.bytes !== undefined], ["private key", true]);
});
