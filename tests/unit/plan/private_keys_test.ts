/** Keys that look for their certificates. */

import { StartupError } from "../../../src/errors.ts";
import { giveKeys, loadPrivateKey } from "../../../src/plan/private_keys.ts";
import { readCertificate } from "../../../src/x509/certificate_file.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeFiles } from "../../support/fake_runtime.ts";
import { made } from "../../support/made_certificates.ts";

function filesOf(texts: Readonly<Record<string, string>>): FakeFiles {
  const files = new FakeFiles();
  for (const [path, text] of Object.entries(texts)) files.texts.set(path, text);
  return files;
}

Deno.test("loadPrivateKey() reads a file, and keeps the PIN of a URI out of messages", async () => {
  const { key } = await made();
  const files = filesOf({ "/a.key": key });
  assertEquals((await loadPrivateKey("/a.key", files)).text, key);
  const uri = "pkcs11:token=a%20b;object=c?pin-value=1";
  const { source, text, algorithm } = await loadPrivateKey(uri, files);
  assertEquals([source, text, algorithm], ["pkcs11:token=a%20b;object=c", uri, undefined]);
});

Deno.test("giveKeys() gives a key that cannot be compared to the only one it may belong to", async () => {
  const { certificate, key } = await made();
  const files = filesOf({ "/a.key": key, "/brainpool.key": BRAINPOOL_KEY });
  const list = [readCertificate(certificate, "/a"), readCertificate(BRAINPOOL, "/brainpool")];
  const paths = ["/brainpool.key", "/a.key"];
  const given = await giveKeys(list, paths, files);
  assertEquals(given.map((one) => one?.privateKey), [key, BRAINPOOL_KEY]);
});

Deno.test("giveKeys() never guesses between two", async () => {
  const files = filesOf({ "/brainpool.key": BRAINPOOL_KEY });
  const list = ["/one", "/two"].map((source) => readCertificate(BRAINPOOL, source));
  const give = () => giveKeys(list, ["/brainpool.key"], files);
  assertEquals(
    (await assertRejects(give, StartupError)).message,
    "/brainpool.key: stud cannot compare keys of this kind, and it may belong to /one or /two; append " +
      "it to its certificate, or give both in one pem-file block",
  );
});

Deno.test("giveKeys() leaves certificates that have keys as they are", async () => {
  const { pem } = await made();
  const { ownKey, publicKey: _, ...rest } = readCertificate(pem, "/a");
  const complete = { ...rest, privateKey: ownKey!.text };
  assertEquals(await giveKeys([complete], [], filesOf({})), [complete]);
});

/** On brainpoolP256r1, which no runtime reads. */
const BRAINPOOL = `-----BEGIN CERTIFICATE-----
MIIBbzCCARagAwIBAgIUGhSSLOkTTxQ6p7IkBf36LS9+WQQwCgYIKoZIzj0EAwIw
DTELMAkGA1UEAwwCYnAwHhcNMjYxMTIyMjEwMzIzWhcNMjcwOTE4MjEwMzIzWjAN
MQswCQYDVQQDDAJicDBaMBQGByqGSM49AgEGCSskAwMCCAEBBwNCAARNXfqlXs46
WPxg+H9UtMnHdHPZ9FOCx/xAhlUlJz0fSV/k1UbUe3pgSgbnj6zclK1KsWXEJxeh
UEAXAAm+rJ6Go1MwUTAdBgNVHQ4EFgQUYQ6RfN2OzlZ+qtf5+mfNLRdWQX4wHwYD
VR0jBBgwFoAUYQ6RfN2OzlZ+qtf5+mfNLRdWQX4wDwYDVR0TAQH/BAUwAwEB/zAK
BggqhkjOPQQDAgNHADBEAiBkhHgzh/yNYViKj07J5/cDbIeOfxELxZSA3s6f+FaF
EQIgUFEJwfNmmpPoxovQkH3Wmknelp3X8H3gQUAcjzhmoiA=
-----END CERTIFICATE-----
`;

const BRAINPOOL_KEY = `-----BEGIN PRIVATE KEY-----
MIGIAgEAMBQGByqGSM49AgEGCSskAwMCCAEBBwRtMGsCAQEEIITmSk+U4XLoLliQ
6Xqm/Fl3XtoaXGiGr5NiGPCE0vsUoUQDQgAETV36pV7OOlj8YPh/VLTJx3Rz2fRT
gsf8QIZVJSc9H0lf5NVG1Ht6YEoG54+s3JStSrFlxCcXoVBAFwAJvqyehg==
-----END PRIVATE KEY-----
`;
