/** Certificate and key before anybody is served with them: every fault is a line of its own. */

import fc from "fast-check";
import { StartupError } from "../../../src/errors.ts";
import {
  checkAuthorities,
  checkCertificate,
  dateWarning,
  readCertificate,
  withKey,
} from "../../../src/x509/certificate_file.ts";
import { readPrivateKey } from "../../../src/x509/private_key.ts";
import { makeSelfSigned } from "../../../src/x509/self_signed.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../../support/assert.ts";
import { made as madeWith } from "../../support/made_certificates.ts";

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
    [
      certificate.slice(0, 99),
      "a.pem: the CERTIFICATE block of line 1 has no end (the file is truncated)",
    ],
    [
      key,
      "a.pem: no certificate in it, only PRIVATE KEY (line 1); put its certificate before the key: cat cert.pem key.pem > both.pem",
    ],
    [certificate, "a.pem: no private key in it; give its key with --private-key FILE or append it"],
    [
      certificate + encrypted,
      "a.pem: the private key (line 11) is encrypted; remove its passphrase: openssl pkey -in a.pem",
    ],
    [
      certificate + legacy,
      "a.pem: the private key (line 11) is encrypted; remove its passphrase: openssl pkey -in a.pem",
    ],
    [
      damage(certificate) + key,
      "a.pem: certificate 1 in it (line 1) is damaged: line 2 is not base64",
    ],
    [
      certificate + damage(other.certificate) + key,
      "a.pem: certificate 2 in it (line 11) is damaged: line 12 is not base64",
    ],
    [certificate + damage(key), "a.pem: the PRIVATE KEY block of line 11 is not base64 (line 12)"],
    [
      certificate + other.key,
      "a.pem: the private key (line 11) does not belong to the certificate (line 1); give the key",
    ],
    [
      other.certificate + certificate + key,
      "does not belong to the certificate (line 1) but to that of line 11",
    ],
  ];
  for (const [pem, message] of cases) assertStringIncludes(refusal(pem), message);
});

Deno.test("checkCertificate() takes a certificate without a subject", () => {
  const { certificateChain, subject } = checkCertificate(WITHOUT_SUBJECT, "a.pem");
  assert(WITHOUT_SUBJECT.startsWith(certificateChain));
  assertEquals(subject, "DNS:tls.example");
});

Deno.test("checkCertificate() takes keys that not every runtime can read", () => {
  assertEquals(checkCertificate(RSA_PSS, "a.pem").keyType, "rsa-pss");
  const { keyType, names } = checkCertificate(P521, "a.pem");
  assertEquals([keyType, names], ["ec", ["p-521"]]);
});

Deno.test("checkCertificate() refuses such keys where they are damaged or of another kind", async () => {
  const [pss, p521] = [RSA_PSS, P521].map((pem) => {
    const at = pem.indexOf("-----BEGIN PRIVATE KEY-----");
    return { certificate: pem.slice(0, at), key: pem.slice(at) };
  });
  const { certificate, key } = await made();
  const foreign = "does not belong to the certificate (line 1); give the key";
  assertStringIncludes(refusal(certificate + pss!.key), foreign);
  assertStringIncludes(refusal(certificate + p521!.key), foreign);
  assertStringIncludes(refusal(p521!.certificate + key), foreign);
  assertStringIncludes(refusal(p521!.certificate + pss!.key), foreign);
  const truncated = p521!.key.replace(/\n[^\n]*\n(?=-----END)/, "\n");
  assertStringIncludes(refusal(p521!.certificate + truncated), "is damaged or of an unknown type");
});

Deno.test("checkCertificate() finds the names in subjectAltName, without addresses", async () => {
  const names = async (...listed: string[]) => {
    const { pem } = await madeWith({ names: listed, commonName: "Common.Example" });
    return checkCertificate(pem, "a.pem").names;
  };
  assertEquals(await names("WWW.Example.", "*.example", "ip:192.0.2.1", "www.example"), [
    "www.example",
    "*.example",
  ]);
  assertEquals(await names("ip:192.0.2.1"), ["common.example"]);
  assertEquals(await names(), ["common.example"]);
});

Deno.test("checkCertificate() takes no common name that cannot be a host's", async () => {
  for (const commonName of ["192.0.2.1", "2001:db8::1", "Example Ltd"]) {
    const { pem } = await madeWith({ commonName });
    assertEquals(checkCertificate(pem, "a.pem").names, [], commonName);
  }
});

Deno.test("checkCertificate() tells the type of the key", async () => {
  for (const keyType of ["rsa", "ec", "ed25519"] as const) {
    const { pem } = await madeWith({ names: ["a.example"], keyType });
    assertEquals(checkCertificate(pem, "a.pem").keyType, keyType);
  }
});

Deno.test("checkCertificate() keeps DH parameters, and has none where there are none", async () => {
  const { certificate, key } = await made();
  const parameters = "-----BEGIN DH PARAMETERS-----\nMAYCAQUCAQI=\n-----END DH PARAMETERS-----\n";
  const checked = checkCertificate(parameters + certificate + key, "a.pem");
  assertEquals(checked.dhParameters, parameters);
  assert(!("dhParameters" in checkCertificate(certificate + key, "a.pem")));
});

Deno.test("withKey() takes the key from elsewhere, before one in the same file", async () => {
  const { certificate, key } = await made();
  const other = await made();
  const keyed = (pem: string, privateKey: string) =>
    withKey(readCertificate(pem, "a.pem"), readPrivateKey(privateKey, "a.key"));
  for (const pem of [certificate, certificate + other.key]) {
    assertEquals(keyed(pem, key).privateKey.trim(), key.trim());
  }
  const refused = (privateKey: string) =>
    assertThrows(() => keyed(certificate, privateKey), StartupError).message;
  assertEquals(
    refused(other.key),
    "a.key: the private key (line 1) does not belong to the certificate in a.pem (line 1); give the key that the " +
      "certificate was made for",
  );
  assertEquals(refused(certificate), "a.key: no private key in it, only CERTIFICATE (line 1)");
  assertEquals(refused(""), "a.key: the file is empty");
  assertStringIncludes(
    refused(key.slice(0, 99)),
    "a.key: the PRIVATE KEY block of line 1 has no end",
  );
});

Deno.test("withKey() takes the name of a key in a token as it is", async () => {
  const { certificate } = await made();
  const privateKey = "pkcs11:token=web;object=tls?pin-source=/etc/pin";
  const key = readPrivateKey(privateKey, "a.pem");
  assertEquals(withKey(readCertificate(certificate, "a.pem"), key).privateKey, privateKey);
});

Deno.test("readCertificate() looks at every certificate of a chain that is not known yet", async () => {
  const { certificate, key } = await made();
  const authority = (await made("ca.example")).certificate;
  const known = new Set<string>();
  assertEquals(readCertificate(certificate + authority + key, "a.pem", { known }).source, "a.pem");
  assertEquals([...known], [authority]);
  const damaged = authority.replace(/\n.{8}/, "\n????????");
  const again = () => readCertificate(certificate + damaged + key, "a.pem", { known });
  assertThrows(again, StartupError);
});

Deno.test("checkAuthorities() takes certificates and nothing else", async () => {
  const { certificate, key } = await made();
  const other = (await made()).certificate;
  assertEquals(checkAuthorities(`one\n${certificate}${key}${other}`, "ca"), certificate + other);
  const refused = (pem: string) =>
    assertThrows(() => checkAuthorities(pem, "ca"), StartupError).message;
  assertEquals(refused(key), "ca: no certificate in it, only PRIVATE KEY (line 1)");
  assertEquals(refused(""), "ca: the file is empty");
  assertEquals(
    refused(certificate + other.replace(/\n.{8}/, "\n????????")),
    "ca: certificate 2 in it (line 11) is damaged: line 12 is not base64",
  );
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
  assertEquals(at(335), undefined);
  assertStringIncludes(
    at(335.1)!,
    "a.pem: the certificate expires in 29 days, on 2027-06-01T12:00",
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

/** P-521, which older versions of Deno cannot read. */
const P521 = `-----BEGIN CERTIFICATE-----
MIIB/TCCAV6gAwIBAgIUSeQX0B6Z1gwaydzxK+8WKIoRw94wCgYIKoZIzj0EAwIw
EDEOMAwGA1UEAwwFUC01MjEwHhcNMjYxMTIyMjEwMzIzWhcNMjcwOTE4MjEwMzIz
WjAQMQ4wDAYDVQQDDAVQLTUyMTCBmzAQBgcqhkjOPQIBBgUrgQQAIwOBhgAEAdPB
0TdlZj3YmSrqMEpGGhnBFIhghOu2kjG1AN+bh9Zrqw0JQOXuFFgy169CFhaja/gu
eg6I/JD4okwgkk+ZgLP/AV5s2v7nMI2njXi90W1fAs6o4oM2OP7JOgeilYewwv2n
vdEEc3+mddLFfs7oP6YXL8onsIVtoyhQGAXCwLmW8/bwo1MwUTAdBgNVHQ4EFgQU
Rt7z8ug+ZrMWX6DgSu7okMepxiQwHwYDVR0jBBgwFoAURt7z8ug+ZrMWX6DgSu7o
kMepxiQwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgOBjAAwgYgCQgG4XTlY
Ev9jsu2m+Sbpywt8je9tfG5Pdb+ZmxajevBWgNlzBoRJGU6CYSGjZMXksxDlUk4a
Qzk7z5LQWf+q28jUogJCAZqsJk6u8c41+KkXwhjpYzALLzyA2PAqeNwCDvGj3N5X
WOS7RfeczlwFMMENO9JvQB899qO3fsXuydqaluKY20AQ
-----END CERTIFICATE-----
-----BEGIN PRIVATE KEY-----
MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIBTDxvBS/GkVAoUkwu
7hWAnzWSJMSeRDHMfWWhB0lxqSn89tBB+VhSmX9uk0IRaYzCNO+wCS8tecRA2sYx
eKl11OWhgYkDgYYABAHTwdE3ZWY92Jkq6jBKRhoZwRSIYITrtpIxtQDfm4fWa6sN
CUDl7hRYMtevQhYWo2v4LnoOiPyQ+KJMIJJPmYCz/wFebNr+5zCNp414vdFtXwLO
qOKDNjj+yToHopWHsML9p73RBHN/pnXSxX7O6D+mFy/KJ7CFbaMoUBgFwsC5lvP2
8A==
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
