/** What OpenSSL is told where the operator says nothing, something, or something of his own for one name. */

import type { EngineSettings } from "../../../../src/config/settings.ts";
import type { SslContextOptions } from "../../../../src/runtime/openssl.ts";
import { contextOptions, rulesFor } from "../../../../src/tls/openssl/context_options.ts";
import { TICKET_PERIOD } from "../../../../src/tls/ticket_keys.ts";
import type {
  ClientRules,
  ServedCertificate,
  TlsConfiguration,
} from "../../../../src/tls/tls_configuration.ts";
import { assert, assertEquals } from "../../../support/assert.ts";
import { engineWith, TLS_CONFIGURATION } from "../../../support/tls_configuration.ts";

const OLD = "OpenSSL 3.0.22 25 Aug 2026";
const [CERTIFICATE] = TLS_CONFIGURATION.certificates as readonly [ServedCertificate];

Deno.test("contextOptions() by default has forward secrecy and authenticated encryption only", () => {
  const { ciphers, ciphersuites, securityLevel } = optionsOf({});
  for (const selector of ciphers!.split(":")) {
    assert(/^(EC)?DHE\+(AESGCM\+AES(128|256)|CHACHA20)$/.test(selector), selector);
  }
  for (const suite of ciphersuites!.split(":")) {
    assert(/^TLS_(AES_(128|256)_GCM|CHACHA20_POLY1305)_SHA(256|384)$/.test(suite), suite);
  }
  assertEquals(securityLevel, undefined);
});

Deno.test("contextOptions() by default lets no client choose a costly group", () => {
  for (const version of [OLD, "OpenSSL 3.5.1 1 Jul 2025", "OpenSSL"]) {
    assert(!/ffdhe|P-521|X448/i.test(optionsOf({}, [CERTIFICATE], version).groups!), version);
  }
});

Deno.test("contextOptions() puts the hybrid group first from OpenSSL 3.5 on", () => {
  const groups = (version: string) => optionsOf({}, [CERTIFICATE], version).groups;
  for (const version of [OLD, "OpenSSL 3.4.3 30 Sep 2025", "something else"]) {
    assertEquals(groups(version), "X25519:P-256:P-384", version);
  }
  for (const version of ["3.5.0 8 Apr 2025", "3.10.2", "4.0.0 14 Apr 2026"]) {
    assertEquals(groups(`OpenSSL ${version}`), "X25519MLKEM768:X25519:P-256:P-384", version);
  }
});

Deno.test("contextOptions() takes the operator's words as they are", () => {
  const { ciphers, ciphersuites, groups, protocols, alpnProtocols } = optionsOf(engineWith({
    ciphers: "AES128-SHA",
    ciphersuites: "TLS_AES_128_CCM_SHA256",
    groups: "P-521:ffdhe8192",
    protocols: ["TLSv1.2"],
    alpnProtocols: ["h2", "http/1.1"],
  }));
  assertEquals([ciphers, ciphersuites, groups], [
    ...["AES128-SHA", "TLS_AES_128_CCM_SHA256", "P-521:ffdhe8192"],
  ]);
  assertEquals([protocols, alpnProtocols], [["TLSv1.2"], ["h2", "http/1.1"]]);
});

Deno.test("contextOptions() lowers the security level for old protocols", () => {
  for (const protocol of ["TLSv1.0", "TLSv1.1"] as const) {
    const protocols = [protocol, "TLSv1.2"] as const;
    assertEquals(optionsOf(engineWith({ protocols })).securityLevel, 0);
    assertEquals(optionsOf(engineWith({ protocols, ciphers: "ALL" })).securityLevel, 0);
    // Unless the operator sets one: OpenSSL reads it out of the list.
    assertEquals(
      optionsOf(engineWith({ protocols, ciphers: "ALL:@SECLEVEL=1" })).securityLevel,
      undefined,
    );
  }
  assertEquals(optionsOf(engineWith({ ciphers: "ALL" })).securityLevel, undefined);
});

Deno.test("contextOptions() has ciphers that old protocols know, if they are allowed", () => {
  assert(!/AES(:|$)/.test(optionsOf({}).ciphers!));
  for (const protocol of ["TLSv1.0", "TLSv1.1"] as const) {
    const { ciphers } = optionsOf(engineWith({ protocols: [protocol, "TLSv1.2"] }));
    assert(ciphers!.endsWith(":ECDHE+AES:DHE+AES:RSA+AES"), ciphers);
    assert(ciphers!.startsWith(optionsOf({}).ciphers!), ciphers);
  }
});

Deno.test("contextOptions() prefers its own list, and the operator's if asked to", () => {
  const prefers = (particular: Partial<EngineSettings>) =>
    optionsOf(engineWith(particular)).preferServerCiphers;
  assertEquals(prefers({}), true);
  assertEquals(prefers({ ciphers: "ALL" }), false);
  assertEquals(prefers({ ciphers: "ALL", preferServerCiphers: true }), true);
});

Deno.test("contextOptions() hands over each certificate with what belongs to it", () => {
  const { certificates } = optionsOf({}, [
    { ...CERTIFICATE, dhParameters: "dh", ocspResponse: btoa("\x30\x00\xff") },
    { ...CERTIFICATE, certificateChain: "other", privateKey: "pkcs11:object=key" },
  ]);
  assertEquals(certificates, [
    {
      ...{ certificateChain: "chain", privateKey: "key", dhParameters: "dh" },
      ocspResponse: Uint8Array.of(0x30, 0, 0xff),
    },
    {
      ...{ certificateChain: "other", privateKey: "pkcs11:object=key" },
      ...{ dhParameters: undefined, ocspResponse: undefined },
    },
  ]);
});

Deno.test("contextOptions() has the rules of the certificate before the general ones", () => {
  const general = { verify: "optional", authorities: "general" } as const;
  const rules = (certificates: readonly ServedCertificate[]) => {
    const { verify, authorities } = optionsOf({ clientRules: general }, certificates);
    return { verify, authorities };
  };
  assertEquals(rules([CERTIFICATE]), general);
  const required = { verify: "required", authorities: "own" } as const;
  const none = { verify: "none", authorities: "" } as const;
  for (const own of [required, none]) {
    assertEquals(rules([{ ...CERTIFICATE, clientRules: own }]), own);
  }
  // Of those that are served together the strictest ones count, wherever they stand.
  const sets = [
    [required, none, required],
    [none, required, required],
    [undefined, required, required],
    [none, undefined, general],
    [none, none, none],
  ] as const;
  for (const [one, other, expected] of sets) {
    const certificates = [one, other].map((own) =>
      own === undefined ? CERTIFICATE : { ...CERTIFICATE, clientRules: own }
    );
    assertEquals(rules(certificates), expected);
  }
});

Deno.test("of certificates that are served together the rules with names count, then those with lists", () => {
  const required = { verify: "required", authorities: "own" } as const;
  const listed = { ...required, revocationLists: [LIST] };
  const named = { ...required, allowed: [{ kind: "CN", value: "a" }] } as const;
  const served = (...rules: ClientRules[]) =>
    rulesFor(TLS_CONFIGURATION, rules.map((clientRules) => ({ ...CERTIFICATE, clientRules })));
  assertEquals(served(required, listed), listed);
  assertEquals(served(required, listed, named), named);
  assertEquals(served(named, listed, required), named);
  const options = optionsOf({ clientRules: listed });
  assertEquals([options.revocationLists, optionsOf({}).revocationLists], [["list"], []]);
});

Deno.test("contextOptions() lets sessions live for a period of ticket keys", () => {
  assertEquals(optionsOf({}).sessionTimeout, TICKET_PERIOD / 1_000);
});

Deno.test("contextOptions() makes a session id context of 32 bytes, always the same", () => {
  const id = idOf({});
  assertEquals(optionsOf({}).sessionIdContext.length, 32);
  assertEquals(idOf({}), id);
});

Deno.test("contextOptions() makes another session id context for other rules", () => {
  const authorities = { verify: "required", authorities: "ours" } as const;
  const ids = [
    idOf({}),
    idOf(engineWith({ ciphers: "AES128-SHA" })),
    idOf(engineWith({ ciphersuites: "TLS_AES_256_GCM_SHA384" })),
    idOf(engineWith({ protocols: ["TLSv1.0", "TLSv1.2"] })),
    idOf({ clientRules: authorities }),
    idOf({ clientRules: { ...authorities, verify: "optional" } }),
    idOf({ clientRules: { ...authorities, authorities: "theirs" } }),
    idOf({ clientRules: { ...authorities, revocationLists: [{ ...LIST, pem: "one" }] } }),
    idOf({ clientRules: { ...authorities, revocationLists: [{ ...LIST, pem: "other" }] } }),
    idOf({ clientRules: { ...authorities, allowed: [{ kind: "CN", value: "a" }] } }),
    idOf({ clientRules: { ...authorities, allowed: [{ kind: "DNS", value: "a" }] } }),
    idOf({ clientRules: { ...authorities, allowed: [{ kind: "CN", value: "b" }] } }),
    idOf({}, [{ ...CERTIFICATE, names: ["b.example"] }]),
    idOf({}, [{ ...CERTIFICATE, names: ["a.example", "b.example"] }]),
    idOf({}, [{ ...CERTIFICATE, names: ["a.example,b.example"] }]),
    idOf({}, [{ ...CERTIFICATE, names: [] }]),
  ];
  assertEquals(new Set(ids).size, ids.length);
});

Deno.test("contextOptions() makes the same session id context for what changes nothing", () => {
  const names = ["b.example", "a.example"];
  const id = idOf({}, [{ ...CERTIFICATE, names }]);
  const same: readonly (readonly [Partial<TlsConfiguration>, Partial<ServedCertificate>])[] = [
    [{}, { names: names.toReversed() }],
    // A certificate that was renewed, and one of rules that say the same.
    [{}, { certificateChain: "renewed", privateKey: "new key", source: "renewed.pem" }],
    [{}, { clientRules: TLS_CONFIGURATION.clientRules }],
    [{ ticketSecret: btoa("another secret, also of 32 octets and more") }, {}],
  ];
  for (const [configuration, certificate] of same) {
    assertEquals(idOf(configuration, [{ ...CERTIFICATE, names, ...certificate }]), id);
  }
  assertEquals(names, ["b.example", "a.example"]);
});

const LIST = { source: "crl", pem: "list", issuer: "CN=a", thisUpdate: "2026-01-01T00:00:00.000Z" };

function optionsOf(
  particular: Partial<TlsConfiguration>,
  certificates: readonly ServedCertificate[] = [CERTIFICATE],
  version = OLD,
): SslContextOptions {
  return contextOptions(version, { ...TLS_CONFIGURATION, ...particular }, certificates);
}

/** The session id context, in hexadecimal. */
function idOf(
  particular: Partial<TlsConfiguration>,
  certificates?: readonly ServedCertificate[],
): string {
  return [...optionsOf(particular, certificates).sessionIdContext]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
