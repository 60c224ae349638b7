/** What OpenSSL takes for a context, and what it says of the rest. */

import { OpenSslError, type SslContextOptions } from "../../../../src/runtime/openssl.ts";
import { assertEquals, assertThrows } from "../../../support/assert.ts";
import { made, madeKeys } from "../../../support/made_certificates.ts";
import { certificateOf, EC, library, OPTIONS } from "./real_openssl.ts";

const OTHER = await made();
const RSA = await made({ keyType: "rsa" });
const WEAK = await made({ keyType: "rsa", keys: await weakKeys() });
const WEAK_ONE = certificateOf(WEAK.certificate, WEAK.key);

/** The first octets of its content are others. */
const DAMAGED = EC.certificate.replace(/^M.../m, "AAAA");

const TAKEN: Readonly<Record<string, Partial<SslContextOptions>>> = {
  "the library's defaults": {},
  "one protocol": { protocols: ["TLSv1.3"] },
  "protocols with a gap": { protocols: ["TLSv1.0", "TLSv1.3"] },
  "ciphers, suites and groups": {
    ciphers: "ECDHE+AESGCM",
    ciphersuites: "TLS_AES_128_GCM_SHA256",
    groups: "X25519:P-256",
  },
  "certificates of two types of key": {
    certificates: [
      ...OPTIONS.certificates,
      ...certificateOf(RSA.certificate, RSA.key).certificates,
    ],
  },
  "a chain": certificateOf(EC.certificate + RSA.certificate + OTHER.certificate, EC.key),
  "authorities, one of them twice": {
    verify: "required",
    authorities: EC.certificate + RSA.certificate + EC.certificate,
  },
  "a weak key at a low security level": { ...WEAK_ONE, securityLevel: 0 },
  "a weak key with a low level in the ciphers": { ...WEAK_ONE, ciphers: "ALL:@SECLEVEL=0" },
};

for (const [name, options] of Object.entries(TAKEN)) {
  Deno.test(`newContext() takes ${name}`, () => {
    const context = library.newContext({ ...OPTIONS, ...options });
    context.newSession().free();
    context.free();
  });
}

/** Options, what the error is about, and the reason if it is the same in every release. */
const REFUSED: Readonly<
  Record<string, readonly [Partial<SslContextOptions>, string | undefined, string?]>
> = {
  "ciphers that nobody knows": [{ ciphers: "FAST" }, "ciphers", "no cipher match"],
  "suites that nobody knows": [{ ciphersuites: "TLS_FAST" }, "ciphersuites", "no cipher match"],
  "groups that nobody knows": [{ groups: "P-9" }, "groups"],
  "another certificate's key": [
    certificateOf(EC.certificate, OTHER.key),
    ...["private key", "key values mismatch"] as const,
  ],
  "a key of another type": [
    certificateOf(EC.certificate, RSA.key),
    ...["private key", "no certificate assigned"] as const,
  ],
  "a damaged certificate": [certificateOf(DAMAGED, EC.key), "certificate"],
  "a damaged certificate in a chain": [
    certificateOf(EC.certificate + DAMAGED, EC.key),
    "certificate",
  ],
  "a certificate that is no base64": [
    certificateOf(EC.certificate.replace(/^M.../m, "!!!!"), EC.key),
    ...["certificate", "bad base64 decode"] as const,
  ],
  "text without a certificate": [certificateOf("text\n", EC.key), "certificate"],
  "a damaged key": [
    certificateOf(EC.certificate, EC.key.replace(/^M.../m, "AAAA")),
    "private key",
  ],
  "a key that only an engine can have": [
    certificateOf(EC.certificate, "pkcs11:object=key"),
    ...["private key", "only an engine can hold a key of this kind; name it with -e"] as const,
  ],
  "damaged DH parameters": [
    {
      certificates: [{
        ...OPTIONS.certificates[0]!,
        dhParameters: "-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n",
      }],
    },
    "DH parameters",
  ],
  "a weak key": [
    { ...WEAK_ONE, securityLevel: 2 },
    ...["certificate", "ee key too small"] as const,
  ],
  "a weak key, by the level in the ciphers": [
    { ...WEAK_ONE, ciphers: "ALL:@SECLEVEL=2" },
    ...["certificate", "ee key too small"] as const,
  ],
  "authorities without a certificate": [
    { verify: "optional", authorities: "text\n" },
    "authorities",
  ],
  "a session id context of more than 32 octets": [
    { sessionIdContext: new Uint8Array(33) },
    ...[undefined, "ssl session id context too long"] as const,
  ],
};

for (const [name, [options, subject, reason]] of Object.entries(REFUSED)) {
  Deno.test(`newContext() refuses ${name}`, () => {
    const refused = () => library.newContext({ ...OPTIONS, ...options });
    const error = assertThrows(refused, OpenSslError);
    const expected = [subject, reason ?? error.message, undefined];
    assertEquals([error.subject, error.message, error.alert], expected);
    // No fault stays behind for whoever comes next.
    library.newContext(OPTIONS).free();
  });
}

Deno.test("setTicketKeys() takes 80 bytes and no others", () => {
  const context = library.newContext(OPTIONS);
  const keys = (length: number) => {
    const all = new Uint8Array(length);
    const [name, hmacKey, aesKey] = [all.slice(0, 16), all.slice(16, 48), all.slice(48)];
    return { name, hmacKey, aesKey, all };
  };
  context.setTicketKeys(keys(80));
  assertThrows(() => context.setTicketKeys(keys(48)), OpenSslError);
  context.free();
});

/** RSA keys of 1,024 bits. */
async function weakKeys(): Promise<CryptoKeyPair> {
  const { publicKey: { algorithm } } = await madeKeys("rsa");
  return await crypto.subtle.generateKey(
    { ...algorithm as RsaHashedKeyGenParams, modulusLength: 1_024 },
    true,
    ["sign", "verify"],
  );
}
