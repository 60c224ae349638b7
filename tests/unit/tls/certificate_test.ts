/** Certificate and key before anybody is served with them: every fault is a line of its own. */

import fc from "fast-check";
import { StartupError } from "../../../src/errors.ts";
import { checkCertificate, dateWarning } from "../../../src/tls/certificate.ts";
import { makeSelfSigned } from "../../../src/tls/self_signed.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../../support/assert.ts";

const NOW = new Date("2026-06-01T12:00:00Z");
const DAY = 86_400_000;

/** Certificate and key of one name, apart. */
async function made(name = "tls.example"): Promise<{ certificate: string; key: string }> {
  const pem = await makeSelfSigned(name, NOW);
  const at = pem.indexOf("-----BEGIN PRIVATE KEY-----");
  return { certificate: `${pem.slice(0, at).trim()}\n`, key: pem.slice(at) };
}

function refusal(pem: string): string {
  return assertThrows(() => checkCertificate(pem, "a.pem"), StartupError).message;
}

Deno.test("checkCertificate() takes leaf, chain and key apart, in whatever order they stand", async () => {
  const { certificate, key } = await made();
  const chain = (await made("ca.example")).certificate;
  for (
    const pem of [certificate + chain + key, key + certificate + chain, certificate + key + chain]
  ) {
    const checked = checkCertificate(pem, "a.pem");
    assertEquals(checked.certificateChain, certificate + chain);
    assertEquals(checked.privateKey.trim(), key.trim());
    assertEquals([checked.source, checked.subject], ["a.pem", "CN=tls.example"]);
  }
});

Deno.test("checkCertificate() tells when the certificate is valid, to the second", async () => {
  const { certificate, key } = await made();
  const { notBefore, notAfter } = checkCertificate(certificate + key, "a.pem");
  assertEquals(notBefore.getTime(), NOW.getTime() - 3_600_000);
  assertEquals(notAfter.getTime(), NOW.getTime() + 365 * DAY);
});

Deno.test("checkCertificate() takes keys in the older formats, and EC parameters beside them", () => {
  const { certificateChain, privateKey } = checkCertificate(SEC1, "a.pem");
  assert(certificateChain.startsWith("-----BEGIN CERTIFICATE-----"));
  assert(privateKey.startsWith("-----BEGIN EC PRIVATE KEY-----"));
});

Deno.test("checkCertificate() says what is wrong, and in which file", async () => {
  const { certificate, key } = await made();
  const other = await made();
  const encrypted = key.replaceAll("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
  const legacy = key.replaceAll("PRIVATE KEY", "EC PRIVATE KEY").replace(
    "-----\n",
    "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n",
  );
  const damage = (block: string) => block.replace(/\n.{8}/, "\n????????");
  const cases: [pem: string, message: string][] = [
    ["", "a.pem: the file is empty"],
    [" \n\t\n", "a.pem: the file is empty"],
    ["certificate", "a.pem: not a PEM file (it has no -----BEGIN line)"],
    [certificate.slice(0, 99), "a.pem: the CERTIFICATE block has no end (the file is truncated)"],
    [key, "a.pem: no certificate in it"],
    [certificate, "a.pem: no private key in it; append the key"],
    [certificate + encrypted, "a.pem: the private key is encrypted; remove its passphrase"],
    [certificate + legacy, "a.pem: the private key is encrypted; remove its passphrase"],
    [damage(certificate) + key, "a.pem: certificate 1 in it is damaged"],
    [certificate + damage(other.certificate) + key, "a.pem: certificate 2 in it is damaged"],
    [certificate + damage(key), "a.pem: the private key is damaged or of an unknown type"],
    [certificate + other.key, "a.pem: the private key does not belong to the certificate"],
    [other.certificate + certificate + key, "a.pem: the private key does not belong"],
  ];
  for (const [pem, message] of cases) assertStringIncludes(refusal(pem), message);
});

Deno.test("checkCertificate() takes a certificate without a subject", () => {
  const { certificateChain, subject } = checkCertificate(WITHOUT_SUBJECT, "a.pem");
  assert(WITHOUT_SUBJECT.startsWith(certificateChain));
  // Older versions of Deno do not tell the alternative names either.
  assert(["DNS:tls.example", ""].includes(subject), subject);
});

Deno.test("checkCertificate() refuses a key that this runtime cannot read", () => {
  assertStringIncludes(refusal(RSA_PSS), "a.pem: the ");
  assertStringIncludes(refusal(RSA_PSS), "of an unknown type");
});

Deno.test("checkCertificate() keeps the cause of what it refuses", async () => {
  const { certificate } = await made();
  const error = assertThrows(() => checkCertificate(certificate.slice(0, 99), "a"), StartupError);
  assert(error.cause instanceof Error);
});

Deno.test("checkCertificate() throws nothing but StartupError, whatever the file holds", async () => {
  const { certificate, key } = await made();
  const whole = certificate + key;
  const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.string({ maxLength: 3 })), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(fc.property(damage, (changes) => {
    let pem = whole;
    for (const [at, text] of changes) pem = pem.slice(0, at) + text + pem.slice(at + text.length);
    try {
      checkCertificate(pem, "a.pem");
    } catch (error) {
      assert(error instanceof StartupError, String(error));
      assert(error.message.startsWith("a.pem: "), error.message);
    }
  }));
});

Deno.test("dateWarning() warns of certificates that clients refuse, or soon will", async () => {
  const { certificate, key } = await made();
  const checked = checkCertificate(certificate + key, "a.pem");
  const at = (days: number) => dateWarning(checked, new Date(NOW.getTime() + days * DAY));
  assertEquals(at(0), undefined);
  assertEquals(at(351), undefined);
  assertStringIncludes(
    at(351.1)!,
    "a.pem: the certificate expires in 13 days, on 2027-06-01T12:00",
  );
  assertStringIncludes(at(364.5)!, "expires in 0 days");
  assertStringIncludes(at(365.1)!, "a.pem: the certificate expired on 2027-06-01T12:00:00.000Z");
  assertStringIncludes(at(-1)!, "a.pem: the certificate is not valid before 2026-06-01T11:00:00");
});

/** P-256, no subject, subjectAltName DNS:tls.example. */
const WITHOUT_SUBJECT = `-----BEGIN CERTIFICATE-----
MIIBcDCCARWgAwIBAgIURUL0+7adO/YGrQDp181youqfOYwwCgYIKoZIzj0EAwIw
ADAgFw0yNjExMjIxOTAyMzNaGA8yMTI2MTAyOTE5MDIzM1owADBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABCkGAHCPW2szhd0nmVwFYlfQ9yV5CvjvEBhkagfLPNN5
2UJmhsqj3PI7qblYvCY5WInLJGDoZoZE/Yhukw4RO2KjazBpMB0GA1UdDgQWBBTx
cqxtL3EgwDsQ/OJ/c9LQf70jYTAfBgNVHSMEGDAWgBTxcqxtL3EgwDsQ/OJ/c9LQ
f70jYTAPBgNVHRMBAf8EBTADAQH/MBYGA1UdEQQPMA2CC3Rscy5leGFtcGxlMAoG
CCqGSM49BAMCA0kAMEYCIQDbpIbNd6cjv1SKXUv9UOikVsNyrtT3gukKSHZ0X/7E
RAIhAOKBruSJH1XTcR7zGT7UBezpULKpJ04CQhVzUCThCagi
-----END CERTIFICATE-----
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgovUQibNIDDt+XncN
9lIDLJxaT2ZPJkbadr7Uk30El1ChRANCAAQpBgBwj1trM4XdJ5lcBWJX0PcleQr4
7xAYZGoHyzzTedlCZobKo9zyO6m5WLwmOViJyyRg6GaGRP2IbpMOETti
-----END PRIVATE KEY-----
`;

/** RSASSA-PSS with 1024 bits: `openssl genpkey -algorithm RSA-PSS`. */
const RSA_PSS = `-----BEGIN CERTIFICATE-----
MIICXDCCAZGgAwIBAgIUe9fycFvqqKNDEZOhhlhhcZ7eM18wQQYJKoZIhvcNAQEK
MDSgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEF
AKIDAgFeMAwxCjAIBgNVBAMMAWEwIBcNMjYxMTIyMTkwMjMzWhgPMjEyNjEwMjkx
OTAyMzNaMAwxCjAIBgNVBAMMAWEwgZ0wCwYJKoZIhvcNAQEKA4GNADCBiQKBgQCa
IHk8iol2ybrIAF5aplgQMM+GhAFJIsjJlKvhswoHplqJjaxj/8SbkRoQ4EOXEhqm
uhn5Pgb8lopfQpLPYunK6caTYH/jLBaiOc5SCg+SiZbMBP3qPx0xA4RlPtHZPBwM
AzukjNFCSpsCOO6sr09V8fkU8vbSviaq1boz484zWQIDAQABo1MwUTAdBgNVHQ4E
FgQUhl6bZxvAE9mS/7UePrq8SRH/khowHwYDVR0jBBgwFoAUhl6bZxvAE9mS/7Ue
Prq8SRH/khowDwYDVR0TAQH/BAUwAwEB/zBBBgkqhkiG9w0BAQowNKAPMA0GCWCG
SAFlAwQCAQUAoRwwGgYJKoZIhvcNAQEIMA0GCWCGSAFlAwQCAQUAogMCAV4DgYEA
fMgj6v7CYXEZV3FTu7BfIOyLEb0MScDah9BaDLe2EikOKh3eYTzqCHr9wbMbYfZR
FSiNkxEPHU1k+eTeph5u0eDQ2dvXjLgexhDMLJoTNG2wueN/5Bo7On4GX8wT8zHM
omKzoR2bpH2B0vAxq8d1KNr3nTzgGZYVKgIxzwLvH/g=
-----END CERTIFICATE-----
-----BEGIN PRIVATE KEY-----
MIICdQIBADALBgkqhkiG9w0BAQoEggJhMIICXQIBAAKBgQCaIHk8iol2ybrIAF5a
plgQMM+GhAFJIsjJlKvhswoHplqJjaxj/8SbkRoQ4EOXEhqmuhn5Pgb8lopfQpLP
YunK6caTYH/jLBaiOc5SCg+SiZbMBP3qPx0xA4RlPtHZPBwMAzukjNFCSpsCOO6s
r09V8fkU8vbSviaq1boz484zWQIDAQABAoGAD8VW4n0Ch+cod6KiBQCUbkOwWIFV
aFho10ehNt0NH69EAGNAypK3WXvFgQiRofm2RG0yjzBropj827aCMzpZ1cLjVgsP
poEWIPclFMTp5M40fUxMiDFxv90Sk+lLdr+yRpjOQuedV2d91TNnx7QrBiTrxhqA
mTGTheGpYo/amSkCQQDHK52p0LfQ+U4ixTrxtk20n8hGi9TCJtNPxCxdabukHqRi
7itI8s3/HKgvy3IeMcfPD8hsvPNd1zIgJzaAQFXHAkEAxhqoNCNj05HpiKRP5jz0
M/h79t/bFOZvddCF/5av6VbgEIDxv9npJ3xXFk8C1WumHLrqZ5VGSemkVgM3D9St
3wJBAIdiOnWoDoraLCaucnbDOObChdyOSD0BLzpVWuLUcFwLCCrHQlz/zs7Op/R1
Ekk8BVnWnKJtffAXy1bX0NA06xkCQFH+NIIn56hoqwTgJSXBMr3T6dL7Qhz7Z0SX
Au8Pek2UpHaQN/7U/VhXcWANYbndrUoU3vHyab4r0tW6zO5jc3cCQQCOr1+sQ1m3
JP+6QbF5M5Pa5aC5HEIUD8VQ+OA7bK3waKFjWOFWBvq+w0OVXt45pzwMt0giAaSu
uFysIjMx4Bkg
-----END PRIVATE KEY-----
`;

/** P-256 as `openssl ecparam -genkey` writes it. */
const SEC1 = `-----BEGIN CERTIFICATE-----
MIIBgzCCASmgAwIBAgIUKSa5gSComjHPECL5vTNIA69rhj4wCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLdGxzLmV4YW1wbGUwIBcNMjYxMTIyMTkxNjU0WhgPMjEyNjEw
MjkxOTE2NTRaMBYxFDASBgNVBAMMC3Rscy5leGFtcGxlMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAElQVCRxA2xVlGEFTK86sp09g2cFoDoseMEgC4hFe2bGRiicMI
sXWmOpAqqA4h1krrU3WwbWpWTCc3GXwRntG3iKNTMFEwHQYDVR0OBBYEFFC5qyEk
L/iXGn9bLRrdjQmaH+2iMB8GA1UdIwQYMBaAFFC5qyEkL/iXGn9bLRrdjQmaH+2i
MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgdpqFPdsKkMwdp7iE
OoOXSvs4gFM1ZXJ555vrCOLblLACIQDklIEOl4ivRHpH5jjWZWllX9bwe3ngVi7i
9RSTTbnPWg==
-----END CERTIFICATE-----
-----BEGIN EC PARAMETERS-----
BggqhkjOPQMBBw==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIL18EW8hmXvSE4jNoNNRxpuSCWSpJYXXgcvgCC9AFceFoAoGCCqGSM49
AwEHoUQDQgAElQVCRxA2xVlGEFTK86sp09g2cFoDoseMEgC4hFe2bGRiicMIsXWm
OpAqqA4h1krrU3WwbWpWTCc3GXwRntG3iA==
-----END EC PRIVATE KEY-----
`;
