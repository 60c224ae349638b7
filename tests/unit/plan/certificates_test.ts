/** From settings to certificates that can be served, with files that the test makes up. */

import type { ClientSettings, Settings } from "../../../src/config/settings.ts";
import { StartupError } from "../../../src/errors.ts";
import { loadCertificates, type LoadedCertificates } from "../../../src/plan/certificates.ts";
import { hitchResponseName } from "../../../src/ocsp/response.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { made, madeKeys, TODAY, type Wanted } from "../../support/made_certificates.ts";
import { madeOcspResponse, refusedOcspResponse } from "../../support/made_ocsp_responses.ts";
import { type SettingsChange, settingsOf, settingsWith } from "../config/settings_of.ts";

const DAY = 86_400_000;

const SETTINGS = settingsWith(settingsOf(["--tls-library=openssl", "a.pem"]), { pemFiles: [] });

function settings(own: SettingsChange): Settings {
  return settingsWith(SETTINGS, own);
}

function files(...paths: string[]): Pick<Settings, "pemFiles"> {
  return { pemFiles: paths.map((certificate) => ({ certificate })) };
}

/** A machine with these files. */
function machine(texts: Readonly<Record<string, string>>): FakeRuntime {
  const runtime = new FakeRuntime();
  runtime.clock.setDate(TODAY);
  for (const [path, text] of Object.entries(texts)) runtime.files.texts.set(path, text);
  return runtime;
}

async function pem(...names: string[]): Promise<string> {
  return (await made({ names })).pem;
}

async function refusal(own: SettingsChange, runtime: FakeRuntime): Promise<string> {
  const load = () => loadCertificates(settings(own), runtime);
  return (await assertRejects(load, StartupError)).message;
}

function sources({ certificates }: LoadedCertificates): string[] {
  return certificates.map(({ source }) => source);
}

Deno.test("loadCertificates() makes one in memory for --self-signed", async () => {
  const loaded = await loadCertificates(
    settings({ certificates: { selfSigned: "tls.example" } }),
    machine({}),
  );
  assertEquals(loaded.certificates.map(({ names }) => names), [["tls.example"]]);
  assertEquals([sources(loaded), loaded.defaultCertificate], [["--self-signed"], 0]);
  assertEquals(loaded.warnings.length, 1);
  assertStringIncludes(
    loaded.warnings[0]!,
    "--self-signed: made a certificate for tls.example in memory",
  );
});

Deno.test("loadCertificates() lists files, then the directory by name; the last file is the default", async () => {
  const runtime = machine({
    "/b.pem": await pem("b"),
    "/a.pem": await pem("a"),
    "/d/2.pem": await pem("d2"),
    "/d/10.pem": await pem("d10"),
    "/d/.hidden": "?",
    "/d/sub/3.pem": "?",
  });
  for (const pemDir of ["/d", "/d/"]) {
    const both = await loadCertificates(
      settings({ ...files("/b.pem", "/a.pem"), certificates: { pemDir } }),
      runtime,
    );
    assertEquals(sources(both), ["/b.pem", "/a.pem", "/d/10.pem", "/d/2.pem"]);
    assertEquals([both.defaultCertificate, both.warnings], [1, []]);
    const directory = await loadCertificates(settings({ certificates: { pemDir } }), runtime);
    assertEquals([sources(directory), directory.defaultCertificate], [
      ["/d/10.pem", "/d/2.pem"],
      0,
    ]);
  }
});

Deno.test("loadCertificates() takes the files of the directory that match the pattern", async () => {
  const runtime = machine({ "/d/a.pem": await pem("a"), "/d/README": "no certificate" });
  const own = { certificates: { pemDir: "/d", pemDirGlob: "*.pem" } };
  assertEquals(sources(await loadCertificates(settings(own), runtime)), ["/d/a.pem"]);
  assertEquals(
    await refusal({ ...own, certificates: { pemDir: "/d", pemDirGlob: "*.crt" } }, runtime),
    "/d: *.crt matches none of its 2 files",
  );
});

Deno.test("loadCertificates() refuses a directory that is empty or missing", async () => {
  const runtime = machine({ "/hidden/.a": "" });
  runtime.files.directories.add("/empty");
  assertEquals(
    await refusal({ certificates: { pemDir: "/empty" } }, runtime),
    "/empty: the directory is empty; put PEM files in it",
  );
  assertEquals(
    await refusal({ certificates: { pemDir: "/hidden" } }, runtime),
    "/hidden: the directory is empty; put PEM files in it",
  );
  assertEquals(
    await refusal({ certificates: { pemDir: "/gone" } }, runtime),
    "/gone: no such directory",
  );
});

Deno.test("loadCertificates() names the first file that is bad", async () => {
  const runtime = machine({ "/a": await pem("a"), "/b": "?", "/c": "" });
  const fault = await refusal(files("/a", "/b", "/c", "/gone"), runtime);
  assertEquals(fault, "/b: not a PEM file (it has no -----BEGIN line)");
  assertEquals(await refusal(files("/a", "/gone"), runtime), "/gone: no such file");
});

Deno.test("loadCertificates() takes each certificate's own key file or URI", async () => {
  const [a, b] = [await made({ names: ["a"] }), await made({ names: ["b"] })];
  const runtime = machine({ "/a.crt": a.certificate, "/a.key": a.key, "/b.crt": b.certificate });
  const load = (key: string) => ({
    pemFiles: [
      { certificate: "/a.crt", privateKey: "/a.key" },
      { certificate: "/b.crt", privateKey: key },
    ],
  });
  const { certificates } = await loadCertificates(settings(load("pkcs11:object=b")), runtime);
  assertEquals(certificates.map(({ privateKey }) => privateKey), [a.key, "pkcs11:object=b"]);
  assertEquals(
    await refusal(load("/a.key"), runtime),
    "/a.key: the private key (line 1) does not belong to the certificate in /b.crt (line 1); give the key that " +
      "the certificate was made for",
  );
  assertEquals(await refusal(load("/b.key"), runtime), "/b.key: no such file");
});

Deno.test("loadCertificates() finds the key of a certificate by its public key", async () => {
  const keys = await madeKeys("ec");
  const [a, b] = [await made({ names: ["a"], keys }), await made({ names: ["b"], keys })];
  const c = await made({ names: ["c"], keyType: "rsa" });
  const runtime = machine({
    "/a": a.certificate,
    "/b": b.certificate,
    "/c": c.certificate,
    "/c.key": c.key,
    "/ab.key": a.key,
  });
  const own = { ...files("/a", "/c", "/b"), certificates: { privateKeys: ["/c.key", "/ab.key"] } };
  const { certificates } = await loadCertificates(settings(own), runtime);
  assertEquals(certificates.map(({ privateKey }) => privateKey), [a.key, c.key, a.key]);
  for (const certificate of certificates) assert(!("publicKey" in certificate));
});

Deno.test("loadCertificates() names keys and certificates that find no partner", async () => {
  const [a, b] = [await made({ names: ["a"] }), await made({ names: ["b"] })];
  const runtime = machine({ "/a": a.certificate, "/a.key": a.key, "/b": b.pem, "/b.key": b.key });
  assertEquals(
    await refusal({ ...files("/a"), certificates: { privateKeys: ["/a.key", "/b.key"] } }, runtime),
    "/b.key: the private key (line 1) belongs to no certificate that lacks a key; remove it, or give its certificate",
  );
  assertEquals(
    await refusal(files("/b", "/a"), runtime),
    "/a: no private key in it; give its key with --private-key FILE or append it: " +
      "cat cert.pem key.pem > both.pem",
  );
  assertEquals(
    await refusal({ ...files("/a"), certificates: { privateKeys: ["/b"] } }, runtime).then(
      firstWord,
    ),
    "/b:",
  );
});

Deno.test("loadCertificates() gives a URI to the only certificate that is left without a key", async () => {
  const [a, b] = [await made({ names: ["a"] }), await made({ names: ["b"] })];
  const runtime = machine({ "/a": a.certificate, "/b": b.certificate, "/b.key": b.key });
  const uri = "pkcs11:object=a";
  const privateKeys = [uri, "/b.key"];
  const loaded = await loadCertificates(
    settings({ ...files("/a", "/b"), certificates: { privateKeys } }),
    runtime,
  );
  assertEquals(loaded.certificates.map(({ privateKey }) => privateKey), [uri, b.key]);
  assertStringIncludes(
    await refusal({ ...files("/a", "/b"), certificates: { privateKeys: [uri] } }, runtime),
    `${uri}: cannot tell whether it belongs to /a or /b`,
  );
  assertEquals(
    await refusal({ ...files("/a"), certificates: { privateKeys: [uri, uri] } }, runtime),
    `${uri}: every certificate already has a private key; remove it, or give its certificate`,
  );
});

Deno.test("loadCertificates() gives a certificate its own rules for clients", async () => {
  const authority = (await made({ commonName: "Authority" })).certificate;
  const runtime = machine({
    "/a": await pem("a"),
    "/ca": `comment\n${authority}`,
    "/empty": (await made()).key,
  });
  const rules = async (own: Partial<Settings["pemFiles"][0]>, general: SettingsChange = {}) => {
    const pemFiles = [{ certificate: "/a", ...own }];
    const loaded = await loadCertificates(settings({ ...general, pemFiles }), runtime);
    return loaded.certificates[0]!.clientRules;
  };
  const required = { verify: "required", authorities: authority };
  assertEquals(await rules({ clients: { verify: "required", authorities: "/ca" } }), required);
  assertEquals(
    await rules({ clients: { verify: "required" } }, { clients: { authorities: "/ca" } }),
    required,
  );
  assertEquals(
    await rules({ clients: { authorities: "/ca" } }, { clients: { verify: "required" } }),
    required,
  );
  assertEquals(await rules({ clients: { verify: "none" } }, { clients: { verify: "required" } }), {
    verify: "none",
    authorities: "",
  });
  assertEquals(await rules({}, { clients: { verify: "required", authorities: "/ca" } }), undefined);
  const fault = (own: Partial<ClientSettings>) =>
    refusal(
      { pemFiles: [{ certificate: "/a", clients: { verify: "optional", ...own } }] },
      runtime,
    );
  assertStringIncludes(await fault({}), "/a: client-verify = optional needs the authorities");
  assertEquals(
    await fault({ authorities: "/empty" }),
    "/empty: no certificate in it, only PRIVATE KEY (line 1)",
  );
  assertEquals(await fault({ authorities: "/gone" }), "/gone: no such file");
});

Deno.test("loadCertificates() warns of dates, and of many in one line", async () => {
  const load = async (count: number, wanted: Wanted) => {
    const texts: Record<string, string> = {};
    for (let n = 0; n < count; n++) {
      texts[`/d/${n}`] = (await made({ ...wanted, names: [`n${n}`] })).pem;
    }
    return (await loadCertificates(settings({ certificates: { pemDir: "/d" } }), machine(texts)))
      .warnings;
  };
  assertStringIncludes(
    (await load(1, { from: -9, until: -1 }))[0]!,
    "/d/0: the certificate expired",
  );
  assertStringIncludes(
    (await load(1, { from: 1 }))[0]!,
    "/d/0: the certificate is not valid before",
  );
  assertEquals((await load(10, { until: 3 })).length, 10);
  const [one, ...others] = await load(11, { until: 3 });
  assertStringIncludes(
    one!,
    "11 certificates have expired, expire soon or are not valid yet; the first: /d/0: the certificate " +
      "expires in 3 days",
  );
  assertEquals(others, []);
});

Deno.test("loadCertificates() warns of certificates that are never served", async () => {
  const runtime = machine({
    "/a": await pem("a", "b"),
    "/b": await pem("b"),
    "/rsa": (await made({ names: ["b"], keyType: "rsa" })).pem,
    "/nameless": (await made()).pem,
    "/default": await pem("a"),
  });
  const own = files("/a", "/b", "/rsa", "/nameless", "/default");
  assertEquals((await loadCertificates(settings(own), runtime)).warnings, [
    "/b: the certificate is never served: /a comes before it and is for b too",
    "/nameless: the certificate is never served: it has no DNS name and is not the default",
  ]);
});

Deno.test("loadCertificates() staples the response named for a certificate", async () => {
  const about = await pem("a");
  const response = madeOcspResponse({ about, thisUpdate: TODAY });
  const runtime = machine({ "/a": about, "/text": "?" });
  const load = (ocspResponse: string) => ({ pemFiles: [{ certificate: "/a", ocspResponse }] });
  runtime.files.bytes.set("/ocsp", response);
  const { certificates: [only], warnings } = await loadCertificates(
    settings(load("/ocsp")),
    runtime,
  );
  assertEquals(Uint8Array.from(atob(only!.ocspResponse!), (c) => c.charCodeAt(0)), response);
  assertEquals(warnings, []);
  runtime.files.bytes.set("/refused", refusedOcspResponse(3));
  const serialNumber = "7777";
  runtime.files.bytes.set("/other", madeOcspResponse({ about, serialNumber, thisUpdate: TODAY }));
  assertEquals(
    await refusal(load("/text"), runtime),
    "/text: not an OCSP response in DER; openssl ocsp -respout writes one; it is named for /a",
  );
  assertEquals(
    await refusal(load("/refused"), runtime),
    "/refused: the OCSP responder refused to answer (tryLater, status 3); it is named for /a",
  );
  assertStringIncludes(
    await refusal(load("/other"), runtime),
    "/other: the OCSP response is not about",
  );
  assertEquals(await refusal(load("/gone"), runtime), "/gone: no such file");
});

Deno.test("loadCertificates() staples no outdated response, and says so", async () => {
  const about = await pem("a");
  const runtime = machine({ "/a": about });
  const nextUpdate = new Date(TODAY.getTime() - DAY);
  const response = madeOcspResponse({ about, thisUpdate: nextUpdate, nextUpdate });
  runtime.files.bytes.set("/ocsp", response);
  runtime.files.bytes.set("/stored/a.ocsp", response);
  const named = { pemFiles: [{ certificate: "/a", ocspResponse: "/ocsp" }] };
  const stored = { ...files("/a"), ocsp: { directory: "/stored" } };
  for (const [own, path] of [[named, "/ocsp"], [stored, "/stored/a.ocsp"]] as const) {
    const { certificates: [only], warnings } = await loadCertificates(settings(own), runtime);
    assertEquals(only!.ocspResponse, undefined);
    assertEquals(warnings, [
      `${path}: the OCSP response expired on 2029-12-31T00:00:00.000Z; nothing is stapled for /a`,
    ]);
  }
});

Deno.test("loadCertificates() verifies the signatures of responses if asked", async () => {
  const about = await pem("a");
  const runtime = machine({ "/a": about });
  runtime.files.bytes.set("/stored/a.ocsp", madeOcspResponse({ about, thisUpdate: TODAY }));
  const stored = { ...files("/a"), ocsp: { directory: "/stored" } };
  const load = async (verifyStaple: boolean, ofBlock?: boolean) => {
    const block = ofBlock === undefined ? {} : { ocspVerifyStaple: ofBlock };
    const pemFiles = [{ certificate: "/a", ...block }];
    const own = settings({ ...stored, pemFiles, ocsp: { ...stored.ocsp, verifyStaple } });
    const { certificates: [only], warnings } = await loadCertificates(own, runtime);
    return [only!.ocspResponse !== undefined, ...warnings];
  };
  assertEquals(await load(false), [true]);
  // What the certificate's own block says counts.
  assertEquals(await load(true, false), [true]);
  assertEquals((await load(false, true))[0], false);
  assertEquals(await load(true), [
    false,
    "/stored/a.ocsp: the signature of the OCSP response cannot be verified without the issuer's " +
    "certificate, which is not in the chain; nothing is stapled for /a",
  ]);
});

Deno.test("loadCertificates() finds no stored responses where that is turned off", async () => {
  const about = await pem("a");
  const runtime = machine({ "/a": about });
  runtime.files.bytes.set("/a.ocsp", madeOcspResponse({ about, thisUpdate: TODAY }));
  const own = settings({ ...files("/a"), ocsp: { directory: "" } });
  assertEquals((await loadCertificates(own, runtime)).certificates[0]!.ocspResponse, undefined);
});

Deno.test("loadCertificates() finds stored responses by hitch's names and by the file's", async () => {
  const about = await pem("a");
  const response = madeOcspResponse({ about, thisUpdate: TODAY });
  for (const name of [hitchResponseName("/d/a.pem"), "a.pem.ocsp", "a.ocsp"]) {
    const runtime = machine({ "/d/a.pem": about });
    runtime.files.bytes.set(`/stored/${name}`, response);
    for (const directory of ["/stored", "/stored/"]) {
      const own = settings({ certificates: { pemDir: "/d" }, ocsp: { directory } });
      const { certificates: [only] } = await loadCertificates(own, runtime);
      assert(only!.ocspResponse !== undefined, `${directory} ${name}`);
    }
  }
});

Deno.test("loadCertificates() starts without stored responses that are no use", async () => {
  const runtime = machine({ "/a": await pem("a"), "/stored/a.ocsp": "?" });
  const warnings = async (own: SettingsChange) =>
    (await loadCertificates(settings({ ...files("/a"), ...own }), runtime)).warnings;
  assertEquals(await warnings({ ocsp: { directory: "/stored" } }), [
    "/stored/a.ocsp: not an OCSP response in DER; openssl ocsp -respout writes one; nothing is stapled for /a",
  ]);
  assertEquals(await warnings({ ocsp: { directory: "/gone" } }), [
    "--ocsp-dir /gone: no such directory; nothing is stapled from it",
  ]);
  assertEquals(await warnings({}), []);
  const rustls = { name: "rustls", because: undefined } as const;
  assertEquals(await warnings({ ocsp: { directory: "/stored" }, tlsLibrary: rustls }), []);
  runtime.files.list = () => Promise.reject(new StartupError("/stored: permission denied"));
  assertEquals(await warnings({ ocsp: { directory: "/stored" } }), [
    "--ocsp-dir /stored: permission denied; nothing is stapled from it",
  ]);
});

function firstWord(text: string): string {
  return text.split(" ")[0]!;
}

Deno.test("a file that is bad by now keeps the certificate it held before, and is named", async () => {
  const runtime = machine({ "a.pem": await pem("a"), "b.pem": await pem("b") });
  const own = settings(files("a.pem", "b.pem"));
  const { certificates: former } = await loadCertificates(own, runtime);
  runtime.files.texts.set("a.pem", "nothing");
  runtime.files.texts.set("b.pem", await pem("new.b"));
  const loaded = await loadCertificates(own, runtime, former);
  assertEquals(loaded.certificates.map(({ names }) => names), [["a"], ["new.b"]]);
  assertEquals([loaded.certificates[0] === former[0], loaded.defaultCertificate], [true, 1]);
  assertEquals(loaded.quarantined, [
    "a.pem: not a PEM file (it has no -----BEGIN line); stud keeps serving its previous certificate",
  ]);
  // And again, from then on.
  const again = await loadCertificates(own, runtime, loaded.certificates);
  assertEquals([again.certificates[0] === former[0], again.quarantined], [
    true,
    loaded.quarantined,
  ]);
  runtime.files.texts.set("a.pem", await pem("mended"));
  const mended = await loadCertificates(own, runtime, again.certificates);
  assertEquals([mended.certificates[0]!.names, mended.quarantined], [["mended"], []]);
});

Deno.test("a certificate that the TLS library refuses is in quarantine as a damaged one is", async () => {
  const runtime = machine({ "a.pem": await pem("a"), "b.pem": await pem("b") });
  const own = settings(files("a.pem", "b.pem", "c.pem"));
  const { certificates: former } = await loadCertificates(
    settings(files("a.pem", "b.pem")),
    runtime,
  );
  for (const name of ["a", "b", "c"]) {
    runtime.files.texts.set(`${name}.pem`, await pem(`new.${name}`));
  }
  const renewed = await loadCertificates(own, runtime, former);
  const refused = new Map(
    renewed.certificates.slice(1).map(({ fingerprint }) => [fingerprint!, "weak"]),
  );
  const loaded = await loadCertificates(own, runtime, former, refused);
  assertEquals(loaded.certificates.map(({ names }) => names), [["new.a"], ["b"]]);
  assertEquals(loaded.quarantined, [
    "b.pem: weak; stud keeps serving its previous certificate",
    "c.pem: weak; stud does not serve it",
  ]);
});

Deno.test("a certificate that is served and refused under other settings is their fault, not its file's", async () => {
  const runtime = machine({ "a.pem": await pem("a"), "b.pem": await pem("b") });
  const own = settings(files("a.pem", "b.pem"));
  const { certificates: former } = await loadCertificates(own, runtime);
  const refused = new Map([[former[0]!.fingerprint!, "weak"]]);
  await assertRejects(
    () => loadCertificates(own, runtime, former, refused),
    StartupError,
    "a.pem: weak",
  );
  runtime.files.texts.set("a.pem", "damaged");
  await assertRejects(
    () => loadCertificates(own, runtime, former, refused),
    StartupError,
    "a.pem: weak",
  );
});

Deno.test("files that have lost their keys are named one by one, and others keep theirs", async () => {
  const { certificate, key } = await made({ names: ["a"] });
  const runtime = machine({ "a.crt": certificate, "a.key": key, "b.pem": await pem("b") });
  const own = settings({ ...files("a.crt", "b.pem"), certificates: { privateKeys: ["a.key"] } });
  const { certificates: former } = await loadCertificates(own, runtime);
  const more = settings({
    ...files("a.crt", "b.pem", "c.pem", "d.pem"),
    certificates: { privateKeys: ["a.key"] },
  });
  for (const name of ["c.pem", "d.pem"]) {
    runtime.files.texts.set(name, (await made({ names: [name] })).certificate);
  }
  const loaded = await loadCertificates(more, runtime, former);
  assertEquals(sources(loaded), ["a.crt", "b.pem"]);
  assertEquals(loaded.quarantined.map((line) => line.slice(0, 29)), [
    "c.pem: no private key in it; ",
    "d.pem: no private key in it; ",
  ]);
});

Deno.test("a file that never was good is left out and named, and the last good file is the default", async () => {
  const runtime = machine({ "a.pem": await pem("a"), "b.pem": await pem("b") });
  const { certificates: former } = await loadCertificates(settings(files("a.pem")), runtime);
  const own = settings(files("a.pem", "b.pem", "missing.pem"));
  const loaded = await loadCertificates(own, runtime, former);
  assertEquals([sources(loaded), loaded.defaultCertificate], [["a.pem", "b.pem"], 1]);
  assertEquals(loaded.quarantined, [
    "missing.pem: no such file; stud does not serve it",
  ]);
  assertEquals(await refusal(files("a.pem", "missing.pem"), runtime), "missing.pem: no such file");
});

Deno.test("files of the directory are in quarantine as others are, and the default stays in place", async () => {
  const runtime = machine({ "x/a.pem": await pem("a"), "x/b.pem": await pem("b") });
  const own = settings({ certificates: { pemDir: "x" } });
  const { certificates: former } = await loadCertificates(own, runtime);
  runtime.files.texts.set("x/0.pem", "nothing");
  const loaded = await loadCertificates(own, runtime, former);
  assertEquals([sources(loaded), loaded.defaultCertificate], [["x/a.pem", "x/b.pem"], 0]);
  assertEquals(loaded.quarantined.length, 1);
});

Deno.test("nothing is changed if no certificate is good, and none was", async () => {
  const runtime = machine({ "a.pem": await pem("a") });
  const { certificates: former } = await loadCertificates(settings(files("a.pem")), runtime);
  const load = () => loadCertificates(settings(files("b.pem", "c.pem")), runtime, former);
  await assertRejects(load, StartupError, "b.pem: no such file");
});

Deno.test("a key that is missing by now puts its certificate into quarantine, and no other", async () => {
  const [a, b] = [await made({ names: ["a"] }), await made({ names: ["b"] })];
  const runtime = machine({ "a.pem": a.pem, "b.pem": b.certificate, "b.key": b.key });
  const own = settings({ ...files("a.pem", "b.pem"), certificates: { privateKeys: ["b.key"] } });
  const { certificates: former } = await loadCertificates(own, runtime);
  runtime.files.texts.set("b.pem", (await made({ names: ["renewed"] })).certificate);
  const loaded = await loadCertificates(own, runtime, former);
  assertEquals(loaded.certificates.map(({ names }) => names), [["a"], ["b"]]);
  assertEquals(loaded.quarantined.length, 1);
  assert(loaded.quarantined[0]!.endsWith("; stud keeps serving its previous certificate"));
});

Deno.test("a key that is bad by now holds up no renewed certificate with another one", async () => {
  const [a, b] = [await made({ names: ["a"] }), await made({ names: ["b"] })];
  const keys = { "a.key": a.key, "b.key": b.key };
  const runtime = machine({ "a.pem": a.certificate, "b.pem": b.certificate, ...keys });
  const own = settings({
    ...files("a.pem", "b.pem"),
    certificates: { privateKeys: ["a.key", "b.key"] },
  });
  const { certificates: former } = await loadCertificates(own, runtime);
  const renewed = await made({ names: ["renewed"] });
  runtime.files.texts.set("a.pem", renewed.certificate);
  runtime.files.texts.set("a.key", renewed.key);
  runtime.files.texts.set("b.key", "damaged");
  const loaded = await loadCertificates(own, runtime, former);
  assertEquals(loaded.certificates.map(({ names }) => names), [["renewed"], ["b"]]);
  assertEquals(loaded.quarantined.length, 1);
  assert(loaded.quarantined[0]!.startsWith("b.key: "), loaded.quarantined[0]);
});

Deno.test("a certificate of --self-signed is kept, unless it is for another name", async () => {
  const runtime = machine({});
  const { certificates: former } = await loadCertificates(
    settings({ certificates: { selfSigned: "tls.example" } }),
    runtime,
  );
  const same = await loadCertificates(
    settings({ certificates: { selfSigned: "tls.example" } }),
    runtime,
    former,
  );
  assert(same.certificates[0] === former[0]);
  assertEquals(same.quarantined, []);
  const other = await loadCertificates(
    settings({ certificates: { selfSigned: "other.example" } }),
    runtime,
    former,
  );
  assertEquals(other.certificates[0]!.names, ["other.example"]);
});
