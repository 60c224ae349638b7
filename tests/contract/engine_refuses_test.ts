/** The contract of a TLS engine: certificates that its library does not take are all named, and nothing else is blamed. */

import { assertEquals, assertRejects } from "../support/assert.ts";
import { CertificatesRefused } from "../../src/errors.ts";
import { checkCertificate } from "../../src/x509/certificate_file.ts";
import { ENGINES } from "../../src/tls/engines.ts";
import type { TlsConfiguration } from "../../src/tls/tls_configuration.ts";
import { made } from "../support/made_certificates.ts";
import { configurationOf, contract, madePem } from "./engine_site.ts";

/** Keys of 512 bits, which every library refuses. */
async function weakKeys(): Promise<CryptoKeyPair> {
  const algorithm = {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 512,
  };
  return await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as CryptoKeyPair;
}

contract("certificates that the library refuses are named, all of them", async ({ under }) => {
  const keys = await weakKeys();
  const weak = await Promise.all(["one", "two"].map(async (name) => {
    const { pem } = await made({ names: [`${name}.example`], keyType: "rsa", keys });
    return checkCertificate(pem, `${name}.pem`);
  }));
  const good = configurationOf(await madePem());
  const isSingle = !ENGINES[under.library].manyCertificates;
  const configuration: TlsConfiguration = isSingle
    ? { ...good, certificates: weak.slice(0, 1), defaultCertificate: 0 }
    : { ...good, certificates: [...weak, ...good.certificates], defaultCertificate: 2 };
  const engine = await under.make(configuration);
  const { refused } = await assertRejects(() => engine.check(), CertificatesRefused);
  assertEquals(
    refused.map(({ source, fingerprint }) => [source, fingerprint]),
    configuration.certificates.filter(({ fingerprint }) => fingerprint !== undefined)
      .map(({ source, fingerprint }) => [source, fingerprint]),
  );
  engine.discard();
});
