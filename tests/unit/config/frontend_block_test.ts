import { parseConfigFile } from "../../../src/config/config_file.ts";
import { FRONTEND_BLOCK_OPTIONS, OPTIONS } from "../../../src/config/options.ts";
import type { ConnectionLimits, FrontendTls, Settings } from "../../../src/config/settings.ts";
import { UsageError } from "../../../src/errors.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "../../support/assert.ts";
import { ON_NODE, OPENSSL_OR_RUSTLS, refusalOf, settingsOf } from "./settings_of.ts";

const address = (host: string, port: string) => ({ kind: "tcp" as const, host, port });

/** The settings of a file with one frontend block, under a general certificate. */
function withBlock(inner: string, general = "pem-file = g.pem"): Settings {
  return settingsOf([], `${general}\nfrontend = {\n port = 443\n ${inner}\n}`);
}

function tlsOf(inner: string, general?: string): FrontendTls {
  return withBlock(inner, general).frontends[0]!.tls!;
}

Deno.test("a block of host and port is an address", () => {
  const frontends = settingsOf(
    ["a.pem"],
    `frontend = { host = "*" port = "443" }
     frontend = { port = https }
     frontend = { host = "::1"; port = "1" }
     frontend = { host = "[::1]", port = "2" }
     frontend = { host = "" port = "3" }
     frontend = "[localhost]:4"
     frontend = *,5`,
  ).frontends;
  assertEquals(frontends.map(({ address }) => `${address.host} ${address.port}`), [
    ...["* 443", "* https", "::1 1", "::1 2", "* 3", "localhost 4", "* 5"],
  ]);
  assertEquals(frontends.map(({ tls }) => tls), Array(7).fill(undefined));
});

type Change = Omit<Partial<FrontendTls>, "engine" | "clients"> & {
  readonly engine?: Partial<FrontendTls["engine"]>;
  readonly clients?: Partial<FrontendTls["clients"]>;
};

Deno.test("each key of a block changes its setting there and no other, and nothing in general", () => {
  const inherited = tlsOf("prefer-server-ciphers = off");
  const changes: [string, Change][] = [
    ["tls-protos = TLSv1.3", { engine: { protocols: ["TLSv1.3"] } }],
    ["ssl = on", { engine: { protocols: ["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"] } }],
    ["tls = on", {}],
    ["ciphers = HIGH", { engine: { ciphers: "HIGH" } }],
    ["ciphersuites = TLS_AES_128_GCM_SHA256", {
      engine: { ciphersuites: "TLS_AES_128_GCM_SHA256" },
    }],
    ["prefer-server-ciphers = on", { engine: { preferServerCiphers: true } }],
    ["sni-nomatch-abort = yes", { engine: { sniNomatchAbort: true } }],
    ["client-verify = required client-verify-ca = ca", {
      clients: { verify: "required", authorities: "ca" },
    }],
    [
      "client-verify = required client-verify-ca = ca client-verify-crl = crl allow-cn = a allow-san = DNS:b",
      {
        clients: {
          verify: "required",
          authorities: "ca",
          revocationLists: "crl",
          allowed: [{ kind: "CN", value: "a" }, { kind: "DNS", value: "b" }],
        },
      },
    ],
    ["pem-file = a.pem\n pem-file = { cert = b private-key = k }", {
      pemFiles: [{ certificate: "a.pem" }, { certificate: "b", privateKey: "k" }],
    }],
    ["pem-file = a.pem match-global-certs = on", {
      pemFiles: [{ certificate: "a.pem" }],
      matchGlobalCerts: true,
    }],
  ];
  const { frontends: _, tlsLibrary: _library, ...plain } = withBlock("");
  for (const [text, change] of changes) {
    const { frontends, tlsLibrary: _, ...general } = withBlock(text);
    const engine = { ...inherited.engine, ...change.engine };
    const clients = { ...inherited.clients, ...change.clients };
    assertEquals(frontends[0]!.tls, { ...inherited, ...change, engine, clients }, text);
    assertEquals(general, plain, text);
  }
  const limits: [string, Partial<ConnectionLimits>][] = [
    ["max-handshakes = 5", { maxHandshakes: 5 }],
    ["max-connections = 6", { maxConnections: 6 }],
    ["max-connections-per-client = 7", { maxConnectionsPerClient: 7 }],
    ["max-connections = 0", { maxConnections: 0 }],
  ];
  for (const [text, change] of limits) {
    const { frontends: [frontend], tlsLibrary: _, ...general } = withBlock(text);
    // With the TLS that all have: it needs no engine of its own.
    assertEquals([frontend!.tls, general], [undefined, plain], text);
    assertEquals(frontend!.limits, change, text);
  }
  assertEquals(withBlock("ciphers = HIGH").frontends[0]!.limits, undefined);
  const tried = [...changes, ...limits].map(([text]) => text).join(" ");
  for (const { name } of FRONTEND_BLOCK_OPTIONS) {
    if (name !== "host" && name !== "port") assertStringIncludes(tried, `${name} = `);
  }
});

Deno.test("what a block does not say is as in general", () => {
  const general = `pem-file = g.pem
    tls-protos = TLSv1.2
    ciphers = HIGH
    client-verify = optional
    client-verify-ca = ca
    sni-nomatch-abort = on`;
  const tls = tlsOf("prefer-server-ciphers = on", general);
  const { pemFiles } = withBlock("", general);
  assertEquals(tls, {
    pemFiles,
    engine: {
      protocols: ["TLSv1.2"],
      ciphers: "HIGH",
      ciphersuites: undefined,
      preferServerCiphers: true,
      sniNomatchAbort: true,
      ...{ groups: undefined, sslEngine: undefined, alpnProtocols: [] },
    },
    clients: {
      verify: "optional",
      authorities: "ca",
      revocationLists: undefined,
      allowed: undefined,
    },
    matchGlobalCerts: false,
  });
  assertEquals(tlsOf("ssl = on", general).engine.protocols.length, 4);
  assertEquals(tlsOf("tls-protos = TLSv1.3", "pem-file = g.pem\nssl = on").engine.protocols, [
    "TLSv1.3",
  ]);
});

Deno.test("a block without certificates has the same list as the general ones", () => {
  const settings = withBlock("ciphers = HIGH");
  assertEquals(settings.frontends[0]!.tls!.pemFiles === settings.pemFiles, true);
});

Deno.test("a certificate may stand behind the address", () => {
  for (const text of ["[*]:443+a.pem", "*,443+a.pem", "*:443+a.pem"]) {
    const [frontend] = settingsOf(["-f", text, "g.pem"]).frontends;
    assertEquals(frontend!.address, address("*", "443"));
    assertEquals(frontend!.tls!.pemFiles, [{ certificate: "a.pem" }]);
  }
  assertEquals(
    settingsOf([], "frontend = '[::1]:1+/a+b.pem'").frontends[0]!.tls!.pemFiles,
    [{ certificate: "/a+b.pem" }],
  );
  assertEquals(
    refusalOf(["-f", "[*]:443+", "g.pem"]),
    '-f/--frontend: "[*]:443+": add the name of a PEM file after +',
  );
});

Deno.test("no general certificate is needed where every frontend has its own", () => {
  const own = "frontend = { port = 1 pem-file = a }\nfrontend = '*,2+b'";
  assertEquals(settingsOf([], own).pemFiles, []);
  assertStringIncludes(refusalOf([], `${own}\nfrontend = { port = 3 }`), "no PEM file given");
  assertStringIncludes(
    refusalOf(["--self-signed"], own),
    'pem-file "a" and --self-signed exclude each other',
  );
});

Deno.test("a fault in a block is named by line and column", () => {
  const refused = (text: string) =>
    assertThrows(() => parseConfigFile({ file: "stud.conf", text }), UsageError).message;
  assertEquals(
    refused("\nfrontend = { host = x }"),
    "stud.conf:2:1: frontend: the block has no port; add port = PORT",
  );
  assertEquals(
    refused("frontend = { port = 1\n cipher = x }"),
    'stud.conf:2:2: unknown key "cipher"; did you mean ciphers?',
  );
  const keys = FRONTEND_BLOCK_OPTIONS.map(({ key }) => key).join(", ");
  assertEquals(
    refused("frontend = { workers = 2 port = 1 }"),
    `stud.conf:1:14: "workers" does not belong in a frontend block, which takes ${keys}`,
  );
  assertEquals(
    refused("host = x"),
    'stud.conf:1:1: "host" is allowed only inside frontend = { }',
  );
  assertEquals(
    refused("frontend = { port = '443+a.pem' }"),
    "stud.conf:1:1: frontend: in a block, give the certificate as pem-file = FILE",
  );
});

Deno.test("values in a block are checked as elsewhere", () => {
  const refused = (inner: string) => refusalOf(["g.pem"], `frontend = { port = 443 ${inner} }`);
  assertStringIncludes(
    refused("ssl = maybe"),
    'stud.conf:1:31: ssl: "maybe" is neither on nor off',
  );
  assertStringIncludes(refused("tls = off"), "tls: cannot be turned off");
  assertStringIncludes(refused("client-verify = optional"), "needs --client-verify-ca");
  assertStringIncludes(refused("ssl = on tls-protos = TLSv1.3"), "exclude each other");
  assertStringIncludes(
    refusalOf(["g.pem"], "frontend = { host = a..b port = 1 }"),
    'stud.conf:1:1: frontend: "[a..b]:1": "a..b" is not a host name',
  );
  assertStringIncludes(
    refusalOf(["g.pem"], "frontend = { port = 1 }\nfrontend = { host = '*' port = 1 ssl = on }"),
    'stud.conf:2:1: frontend: "[*]:1": the same frontend is given twice',
  );
});

Deno.test("frontends with one certificate each need no OpenSSL, others do", () => {
  const library = (text: string) => settingsOf([], text).tlsLibrary;
  assertEquals(
    library("frontend = '*,1+a'\nfrontend = { port = 2 pem-file = b }"),
    OPENSSL_OR_RUSTLS,
  );
  assertEquals(library("pem-file = g\nfrontend = '*,1+a'\nfrontend = *,2"), OPENSSL_OR_RUSTLS);
  const needing: [string, string][] = [
    ["pem-file = a pem-file = b", "2 PEM files"],
    ["tls-protos = TLSv1.3", "stud.conf:2:36: tls-protos"],
    ["pem-file = a match-global-certs = on", "stud.conf:2:57: match-global-certs"],
    ["pem-file = { cert = a ocsp-resp-file = o }", "stud.conf:2:62: ocsp-resp-file"],
  ];
  for (const [inner, because] of needing) {
    const text = `pem-file = g\nfrontend = { port = 1 ${inner} }`;
    assertEquals(library(text), { name: "openssl", because }, inner);
    assertEquals(settingsOf([], text, ON_NODE).tlsLibrary.name, "node");
  }
  const plain = "pem-file = g\nfrontend = { port = 1 ssl = off pem-file = a }";
  assertEquals(library(plain), OPENSSL_OR_RUSTLS);
});

Deno.test("keys of a block are spelled as in general, or are its own", () => {
  for (const option of FRONTEND_BLOCK_OPTIONS) {
    assertEquals(option.key, option.name);
    assertEquals(OPTIONS.includes(option), option.frontendBlock === "too", option.name);
  }
});
