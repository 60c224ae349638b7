/** Which kinds of keys a client can verify, and the certificates that it is served with. */

import { CertificateChoice } from "../../../src/tls/certificate_choice.ts";
import type { EngineSettings } from "../../../src/config/settings.ts";
import { canVerify, type KeyKind } from "../../../src/tls/verifiable_keys.ts";
import { clientOffers } from "../../../src/wire/client_offers.ts";
import { assertEquals } from "../../support/assert.ts";
import { fragmented, FRESH, helloOf, offering } from "../../support/hello_samples.ts";
import { ENGINE, engineWith, TLS_CONFIGURATION } from "../../support/tls_configuration.ts";

const P256 = "1.2.840.10045.3.1.7";
const KINDS: Readonly<Record<string, KeyKind>> = {
  "RSA": { keyType: "rsa" },
  "RSA-PSS": { keyType: "rsa-pss" },
  "P-256": { keyType: "ec", curve: P256 },
  "P-384": { keyType: "ec", curve: "1.3.132.0.34" },
  "Ed25519": { keyType: "ed25519" },
};
const BOTH: EngineSettings["protocols"] = ["TLSv1.2", "TLSv1.3"];
const ECDSA_GCM = 0xc02b;
const RSA_GCM = 0xc02f;

/** Protocols and ciphers of the server, what the client offers, and what it can verify. */
const CASES: Readonly<
  Record<string, readonly [Partial<EngineSettings>, Parameters<typeof offering>[0], string[]]>
> = {
  "TLS 1.3 goes by schemes alone": [
    { protocols: BOTH },
    { versions: [0x0304, 0x0303], ciphers: [0x1301], signatures: [0x0804], groups: [29] },
    ["RSA"],
  ],
  "TLS 1.3 knows curves by their schemes": [
    { protocols: BOTH },
    { versions: [0x0304], ciphers: [0x1301], signatures: [0x0403, 0x0807, 0x0401], groups: [29] },
    ["P-256", "Ed25519"],
  ],
  "RSA-PSS keys have schemes of their own": [
    { protocols: BOTH },
    { versions: [0x0304], ciphers: [0x1301], signatures: [0x0809] },
    ["RSA-PSS"],
  ],
  "a client of TLS 1.3 goes by ciphers where the server has 1.2 only": [
    { protocols: ["TLSv1.2"] },
    { versions: [0x0304, 0x0303], ciphers: [0x1301, RSA_GCM], signatures: [0x0403, 0x0401] },
    ["RSA"],
  ],
  "TLS 1.2 takes ciphers, schemes and groups": [
    { protocols: BOTH },
    { ciphers: [ECDSA_GCM, RSA_GCM], signatures: [0x0403, 0x0804], groups: [29, 23] },
    ["RSA", "P-256"],
  ],
  "TLS 1.2 without schemes for RSA": [
    { protocols: BOTH },
    { ciphers: [ECDSA_GCM, RSA_GCM], signatures: [0x0403, 0x0807] },
    ["P-256", "P-384", "Ed25519"],
  ],
  "TLS 1.2 without any schemes": [
    { protocols: BOTH },
    { ciphers: [ECDSA_GCM, RSA_GCM] },
    ["RSA", "P-256", "P-384"],
  ],
  "ciphers that stud does not have by default": [
    { protocols: BOTH },
    { ciphers: [0xc023, RSA_GCM], signatures: [0x0403, 0x0401] },
    ["RSA"],
  ],
  "the same where the operator says which": [
    { protocols: BOTH, ciphers: "ALL" },
    { ciphers: [0xc023, RSA_GCM], signatures: [0x0403, 0x0401] },
    ["RSA", "P-256", "P-384"],
  ],
  "TLS 1.0 goes by ciphers": [
    { protocols: ["TLSv1.0"] },
    { ciphers: [0xc009], groups: [23], signatures: [0x0401] },
    ["P-256"],
  ],
  "no version in common is the library's to refuse": [
    { protocols: ["TLSv1.3"] },
    { ciphers: [RSA_GCM], signatures: [0x0401] },
    Object.keys(KINDS),
  ],
};

for (const [what, [server, client, expected]] of Object.entries(CASES)) {
  Deno.test(`canVerify(): ${what}`, () => {
    const offers = clientOffers(helloOf(offering(client)).body);
    const rules = { ...ENGINE, ...server };
    const names = Object.keys(KINDS).filter((name) => canVerify(offers, rules, KINDS[name]!));
    assertEquals(names, expected);
  });
}

Deno.test("canVerify() leaves keys that it does not know to the library", () => {
  const offers = clientOffers(helloOf(offering({ ciphers: [1] })).body);
  assertEquals(
    canVerify(offers, ENGINE, { keyType: "ec", curve: "1.3.132.0.10" }),
    true,
  );
});

Deno.test("clientOffers() reads what a real client offers, in one record or in many", () => {
  const whole = clientOffers(helloOf(FRESH).body);
  assertEquals(whole.versions, [0x0304, 0x0303, 0x0302, 0x0301]);
  assertEquals(whole.ciphers.slice(0, 3), [0x1302, 0x1303, 0x1301]);
  assertEquals(whole.groups?.slice(0, 2), [29, 23]);
  assertEquals(whole.signatures?.slice(0, 2), [0x0403, 0x0503]);
  assertEquals(clientOffers(helloOf(fragmented(FRESH, [1, 40, 90, 200])).body), whole);
});

Deno.test("clientOffers() reads nothing that is not there", () => {
  const { versions, ciphers, groups, signatures } = clientOffers(
    helloOf(offering({ ciphers: [1] })).body,
  );
  assertEquals([versions, ciphers, groups, signatures], [
    [0x0303, 0x0302, 0x0301],
    [1],
    undefined,
    undefined,
  ]);
});

Deno.test("a client gets the wildcard that it can verify, unless nothing fits", () => {
  const [first] = TLS_CONFIGURATION.certificates;
  const certificates = [
    { ...first!, names: ["a.example"], keyType: "ec", curve: P256 },
    { ...first!, names: ["*.example"], keyType: "rsa" },
    { ...first!, names: ["other"], keyType: "rsa" },
  ];
  const chosen = (signature: number, name: string, sniNomatchAbort: boolean) => {
    const rules = { certificates, defaultCertificate: 2, ...engineWith({ sniNomatchAbort }) };
    const client = { versions: [0x0304], ciphers: [0x1301], signatures: [signature], name };
    return new CertificateChoice(rules).choose(helloOf(offering(client)));
  };
  for (const abort of [false, true]) {
    assertEquals(chosen(0x0403, "a.example", abort), [0]);
    assertEquals(chosen(0x0804, "a.example", abort), [1]);
    assertEquals(chosen(0x0403, "b.example", abort), [1]);
    assertEquals(chosen(0x0804, "[::1]", abort), abort ? undefined : [2]);
    assertEquals(chosen(0x0804, "no.such.name", abort), abort ? undefined : [2]);
    assertEquals(chosen(0x0804, "*.example", abort), abort ? undefined : [2]);
  }
});
