/** From settings to what engines are told of TLS, with files that the test makes up. */

import { StartupError } from "../../../src/errors.ts";
import type { LoadedCertificates } from "../../../src/plan/certificates.ts";
import { makeTlsPlan, type TlsPlan } from "../../../src/plan/tls_plan.ts";
import type { CheckedCertificate } from "../../../src/x509/certificate_file.ts";
import type { ServedCertificate } from "../../../src/tls/tls_configuration.ts";
import { encodeDer } from "../../../src/x509/der.ts";
import { formatPem } from "../../../src/x509/pem.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { made, TODAY } from "../../support/made_certificates.ts";
import { settingsOf } from "../config/settings_of.ts";
import { ENGINE } from "../../support/tls_configuration.ts";

const ONE = Uint8Array.of(1);

/** With everything that a certificate can have. */
const SERVED: Required<ServedCertificate> & { privateKey: string } = {
  source: "a.pem",
  fingerprint: "f1",
  names: ["a.example"],
  curve: "1.2.840.10045.3.1.7",
  keyType: "rsa",
  certificateChain: "chain",
  privateKey: "key",
  keyId: "k1",
  dhParameters: formatPem(
    "DH PARAMETERS",
    encodeDer(0x30, encodeDer(0x02, new Uint8Array(257).fill(0x80, 1)), encodeDer(0x02, ONE)),
  ),
  ocspResponse: "b2NzcA==",
  clientRules: { verify: "required", authorities: "authority" },
};

const CHECKED: CheckedCertificate = {
  ...SERVED,
  subject: "CN=a.example",
  notBefore: new Date("2029-01-01"),
  notAfter: new Date("2031-01-01"),
};

const LOADED: LoadedCertificates = {
  certificates: [CHECKED],
  defaultCertificate: 0,
  warnings: [],
  quarantined: [],
};

function newRuntime(texts: Readonly<Record<string, string>> = {}): FakeRuntime {
  const runtime = new FakeRuntime();
  runtime.clock.setDate(TODAY);
  for (const [path, text] of Object.entries(texts)) runtime.files.texts.set(path, text);
  return runtime;
}

/** The plan for these options, with a certificate that needs no file. */
function plan(args: string[], runtime = newRuntime()): Promise<TlsPlan> {
  return makeTlsPlan(settingsOf([...args, "a.pem"]), runtime, { loaded: LOADED });
}

Deno.test("makeTlsPlan() matches private keys to the certificates of all frontends", async () => {
  const [a, b, c] = await Promise.all(["a", "b", "c"].map((name) => made({ names: [name] })));
  const texts = {
    ...{ "a.pem": a!.pem, "a.crt": a!.certificate, "a.key": a!.key },
    ...{ "b.pem": b!.pem, "b.crt": b!.certificate, "b.key": b!.key, "c.key": c!.key },
  };
  const planned = (general: string, own: string, ...keys: string[]) => {
    const lines = [
      `pem-file = "${general}"`,
      ...keys.map((key) => `private-key = "${key}"`),
      `frontend = { host = "192.0.2.1" port = "8443" pem-file = "${own}" }`,
    ];
    return makeTlsPlan(settingsOf([], lines.join("\n")), newRuntime(texts));
  };
  const rows = [["a.crt", "b.pem", "a.key"], ["a.pem", "b.crt", "b.key"]] as const;
  for (const [general, own, ...keys] of [...rows, ["a.crt", "b.crt", "a.key", "b.key"]] as const) {
    const { configuration, ofFrontends } = await planned(general, own, ...keys);
    assertEquals(configuration.certificates.map(({ names }) => names), [["a"]]);
    assertEquals(ofFrontends[0]?.certificates.map(({ names }) => names), [["b"]]);
  }
  await assertRejects(
    () => planned("a.crt", "b.pem", "a.key", "c.key"),
    StartupError,
    "c.key: the private key (line 1) belongs to no certificate that lacks a key",
  );
  await assertRejects(() => planned("a.pem", "b.crt", "a.key"), StartupError);
});

Deno.test("makeTlsPlan() passes on every option of TLS", async () => {
  const runtime = newRuntime({ "tickets.key": SECRET });
  const { configuration, warnings } = await plan([
    ...["--tls-protos=TLSv1.2", "-c", "HIGH", "--ciphersuites=TLS_AES_128_GCM_SHA256"],
    ...["--ecdh-curve=X25519", "-O", "-e", "rdrand", "--alpn-protos=h2,http/1.1"],
    ...["--sni-nomatch-abort", "--ticket-secret=tickets.key"],
  ], runtime);
  assertEquals(configuration, {
    library: "openssl",
    because: "--sni-nomatch-abort",
    certificates: [SERVED],
    defaultCertificate: 0,
    engine: {
      sniNomatchAbort: true,
      protocols: ["TLSv1.2"],
      ciphers: "HIGH",
      ciphersuites: "TLS_AES_128_GCM_SHA256",
      groups: "X25519",
      preferServerCiphers: true,
      sslEngine: "rdrand",
      alpnProtocols: ["h2", "http/1.1"],
    },
    clientRules: { verify: "none", authorities: "" },
    ticketSecret: btoa(SECRET),
  });
  assertEquals(warnings, []);
});

Deno.test("makeTlsPlan() asks for OpenSSL, or else rustls, and leaves the rest to it without options", async () => {
  const { configuration, warnings } = await plan([]);
  const { ticketSecret, certificates: _, ...rest } = configuration;
  assertEquals(rest, {
    library: "openssl",
    orElse: "rustls",
    defaultCertificate: 0,
    engine: ENGINE,
    clientRules: { verify: "none", authorities: "" },
  });
  assertEquals([atob(ticketSecret).length, warnings], [32, []]);
});

Deno.test("makeTlsPlan() reads the certificates, unless the caller has them", async () => {
  const [first, second] = [await made({ names: ["a"] }), await made({ names: ["b"], until: -1 })];
  const runtime = newRuntime({ "a.pem": first.pem, "b.pem": second.pem });
  const { configuration, warnings } = await makeTlsPlan(settingsOf(["a.pem", "b.pem"]), runtime);
  const { certificates, defaultCertificate } = configuration;
  assertEquals(certificates.map(({ source, names }) => [source, names]), [
    ...[["a.pem", ["a"]], ["b.pem", ["b"]]],
  ]);
  assertEquals(defaultCertificate, 1);
  assertEquals(warnings.length, 1);
  assert(warnings[0]!.startsWith("b.pem: the certificate expired"), warnings[0]);
  const missing = () => makeTlsPlan(settingsOf(["c.pem"]), runtime);
  await assertRejects(missing, StartupError, "c.pem: no such file");
  const given = await makeTlsPlan(settingsOf(["c.pem"]), runtime, { loaded: LOADED });
  assertEquals(given.configuration.certificates, [SERVED]);
});

Deno.test("makeTlsPlan() plans for OCSP responses unless rustls serves", async () => {
  assertEquals((await plan(["--tls-library=rustls"])).stapling, undefined);
  const { stapling } = await plan(["-O", "--ocsp-refresh-interval=60"]);
  assertEquals(stapling, {
    certificates: [{
      ...{ source: "a.pem", fingerprint: "f1", certificateChain: "chain" },
      ...{ ocspResponse: "b2NzcA==", nextUpdate: undefined, isNamed: false },
    }],
    directory: "/var/lib/hitch/",
    connectTimeout: 4_000,
    responseTimeout: 10_000,
    refreshInterval: 60_000,
  });
});

Deno.test("makeTlsPlan() has every file watched that it has read, but for stored OCSP responses", async () => {
  const { certificate, key } = await made();
  const pem = "/etc/stud-certs/a.pem";
  for (const directory of ["", "/etc/stud", "/etc/stud-certs", "/etc/stud-certs/"]) {
    const runtime = newRuntime({ [pem]: certificate + key });
    const stored = "/etc/stud-certs/a.ocsp";
    runtime.files.texts.set(stored, "an old one");
    const args = ["--tls-library=openssl", `--ocsp-dir=${directory}`, pem];
    const { files, warnings } = await makeTlsPlan(settingsOf(args), runtime);
    assertEquals([...files.keys()], [pem], directory);
    // It was looked for, where there is one.
    const found = warnings.some((line) => line.startsWith(stored));
    assertEquals(found, directory.startsWith("/etc/stud-certs"), directory);
  }
});

Deno.test("makeTlsPlan() sends workers nothing that only the supervisor needs", async () => {
  const { pem, key, certificate } = await made({ names: ["a"] });
  const runtime = newRuntime({
    "a.pem": pem,
    "b.pem": certificate,
    "b.key": key,
    "c.pem": certificate,
  });
  const config = 'pem-file = "a.pem"\npem-file = "c.pem"\n' +
    'pem-file = {\n  cert = "b.pem"\n  private-key = "b.key"\n}\n';
  const settings = settingsOf(["--private-key=b.key"], config);
  const { configuration } = await makeTlsPlan(settings, runtime);
  assertEquals(configuration.certificates.length, 3);
  for (const served of configuration.certificates) {
    assertEquals(Object.keys(served).sort(), [
      ...["certificateChain", "curve", "fingerprint", "keyId", "keyType", "names", "privateKey"],
      "source",
    ]);
  }
  const more = (await plan([])).configuration.certificates[0]!;
  assertEquals(Object.keys(more).sort(), Object.keys(SERVED).sort());
});

Deno.test("makeTlsPlan() makes what goes through the control pipe unchanged", async () => {
  const { pem } = await made({ names: ["a"] });
  const args = ["-c", "HIGH", "--alpn-protos=h2", "a.pem"];
  const { configuration } = await makeTlsPlan(settingsOf(args), newRuntime({ "a.pem": pem }));
  const present = (group: object) =>
    Object.fromEntries(Object.entries(group).filter(([, value]) => value !== undefined));
  const sent = { ...configuration, engine: present(configuration.engine) };
  assertEquals(JSON.parse(JSON.stringify(configuration)), present(sent));
});

Deno.test("makeTlsPlan() reads whom clients must be from", async () => {
  const { certificate } = await made({ commonName: "authority" });
  const runtime = newRuntime({ "ca.pem": certificate });
  for (const verify of ["optional", "required"] as const) {
    const args = [`--client-verify=${verify}`, "--client-verify-ca=ca.pem"];
    const { clientRules } = (await plan(args, runtime)).configuration;
    assertEquals([clientRules.verify, clientRules.authorities.trim()], [
      ...[verify, certificate.trim()],
    ]);
  }
  const missing = () => plan(["--client-verify=required", "--client-verify-ca=no.pem"], runtime);
  await assertRejects(missing, StartupError, "no.pem: no such file");
});

Deno.test("makeTlsPlan() makes another ticket secret each time, or takes that of the file", async () => {
  const runtime = newRuntime({ "tickets.key": SECRET, "short.key": "short" });
  const secret = async (...args: string[]) =>
    (await plan(args, runtime)).configuration.ticketSecret;
  assert(await secret() !== await secret());
  assertEquals(await secret("--ticket-secret=tickets.key"), btoa(SECRET));
  await assertRejects(() => secret("--ticket-secret=no.key"), StartupError, "no.key: no such file");
  await assertRejects(() => secret("--ticket-secret=short.key"), StartupError, "short.key: ");
  runtime.files.modes.set("tickets.key", 0o644);
  const { warnings } = await plan(["--ticket-secret=tickets.key"], runtime);
  assertEquals(warnings.length, 1);
  assert(
    warnings[0]!.startsWith("tickets.key: users other than its owner have access to this file"),
  );
});

Deno.test("makeTlsPlan() warns that TLS 1.0 and 1.1 lower the security level, unless one is given", async () => {
  const start = async (...args: string[]) =>
    (await plan(args)).warnings.map((line) => line.replace(/ needs? SHA-1 signatures, so .*/, ""));
  assertEquals(await start("--ssl"), ["TLSv1.0 and TLSv1.1"]);
  assertEquals(await start("--tls-protos=TLSv1.1 TLSv1.2"), ["TLSv1.1"]);
  assertEquals(await start("--tls-protos=TLSv1.0"), ["TLSv1.0"]);
  assertEquals(await start("--tls-protos=TLSv1.2"), []);
  assertEquals(await start("--ssl", "-c", "HIGH"), ["TLSv1.0 and TLSv1.1"]);
  assertEquals(await start("--ssl", "-c", "HIGH:@SECLEVEL=1"), []);
  assertEquals(
    (await plan(["--tls-protos=TLSv1.1"])).warnings[0]!.slice(0, 19),
    "TLSv1.1 needs SHA-1",
  );
  assertEquals((await plan(["--ssl"])).warnings, [
    "TLSv1.0 and TLSv1.1 need SHA-1 signatures, so OpenSSL's security level is lowered to 0 for all " +
    "clients; @SECLEVEL=N in -c/--ciphers sets another one",
  ]);
});

Deno.test("makeTlsPlan() says what becomes of a shared cache", async () => {
  assertEquals((await plan(["-C", "1000"])).warnings, [
    "-C/--shared-cache 1000 has no effect: clients keep their sessions, as tickets that every worker can " +
    "open",
  ]);
  assertEquals((await plan(["-C", "0"])).warnings, []);
});

Deno.test("makeTlsPlan() warns of certificates first, then of secrets, then explains", async () => {
  const runtime = newRuntime({ "tickets.key": SECRET });
  runtime.files.modes.set("tickets.key", 0o604);
  const loaded = { ...LOADED, warnings: ["a.pem: late"] };
  const args = ["--ssl", "-C1", "--ticket-secret=tickets.key", "a.pem"];
  const { warnings } = await makeTlsPlan(settingsOf(args), runtime, { loaded });
  assertEquals(warnings.map((line) => line.slice(0, 12)), [
    ...["a.pem: late", "tickets.key:", "TLSv1.0 and ", "-C/--shared-"],
  ]);
});

Deno.test("makeTlsPlan() keeps made secrets and good certificates over a reload", async () => {
  const { pem } = await made({ names: ["a"] });
  const runtime = newRuntime({ "a.pem": pem });
  const former = await makeTlsPlan(settingsOf(["a.pem"]), runtime);
  const again = await makeTlsPlan(settingsOf(["a.pem"]), runtime, { former });
  assertEquals(again.configuration, former.configuration);
  runtime.files.texts.set("a.pem", "nothing");
  const bad = await makeTlsPlan(settingsOf(["a.pem"]), runtime, { former: again });
  assertEquals(bad.configuration, former.configuration);
  assertEquals(bad.quarantined.length, 1);
  assert(bad.certificates[0] === again.certificates[0]);
});

const SECRET = "a secret of more than thirty-two octets";
