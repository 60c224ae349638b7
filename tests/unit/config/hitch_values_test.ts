import { optionNamed, OPTIONS } from "../../../src/config/options.ts";
import { TLS_PROTOCOLS } from "../../../src/config/settings.ts";
import { parseCommandLine } from "../../../src/config/command_line.ts";
import { assertEquals, assertStringIncludes } from "../../support/assert.ts";
import { refusalOf, settingsOf } from "./settings_of.ts";

const HITCH = "--compat=hitch";

Deno.test("a program called hitch behaves like hitch unless an option says otherwise", () => {
  const compat = (argv: string[], name?: string) => parseCommandLine(argv, name).compat;
  assertEquals(compat([]), "none");
  assertEquals(compat([], "hitch"), "hitch");
  assertEquals(compat(["--compat=none"], "hitch"), "none");
  assertEquals(compat([HITCH], "stud"), "hitch");
  assertEquals(compat([], "hitch.exe.old"), "none");
  assertEquals(settingsOf([HITCH, "a.pem"]).compat, "hitch");
});

Deno.test("PEM files and frontends of the command line come after those of the file", () => {
  const file = "pem-file = a.pem\nfrontend = '[*]:1'\nbackend = '[127.0.0.1]:2'";
  const settings = settingsOf([HITCH, "-f", "[*]:3", "-b", "[127.0.0.1]:4", "b.pem"], file);
  assertEquals(settings.pemFiles, [{ certificate: "a.pem" }, { certificate: "b.pem" }]);
  assertEquals(settings.frontends.map(({ address }) => address.port), ["1", "3"]);
  assertEquals(settings.backend.address, { kind: "tcp", host: "127.0.0.1", port: "4" });
});

Deno.test("SIGTERM does not drain unless an option asks for it; everything else waits", () => {
  const drain = (argv: string[], file?: string) => {
    const { service, timeouts } = settingsOf([...argv, "a.pem"], file);
    return [service.resetsOnSigterm, timeouts.drain];
  };
  assertEquals(drain([HITCH]), [true, 30]);
  assertEquals(drain([HITCH, "--drain-timeout=9"]), [false, 9]);
  assertEquals(drain([HITCH], "drain-timeout = 9"), [false, 9]);
  assertEquals(drain([]), [false, 30]);
});

Deno.test("tls = on is TLS 1.0 to 1.3, and off says nothing, in general and in a block", () => {
  const all = TLS_PROTOCOLS;
  assertEquals(settingsOf([HITCH, "--tls", "a.pem"]).engine.protocols, all);
  assertEquals(settingsOf([HITCH, "a.pem"], "tls = on").engine.protocols, all);
  assertEquals(settingsOf([HITCH, "a.pem"], "ssl = on").engine.protocols, all);
  const off = settingsOf([HITCH, "a.pem"], "tls = off\nssl = off");
  assertEquals([off.engine.protocols, off.tlsLibrary.orElse], [["TLSv1.2", "TLSv1.3"], "rustls"]);
  const block = settingsOf([HITCH, "a.pem"], "frontend = { port = 1 tls = on }");
  assertEquals<unknown>([block.engine.protocols, block.frontends[0]!.tls!.engine.protocols], [
    ["TLSv1.2", "TLSv1.3"],
    all,
  ]);
});

Deno.test("versions are chosen in one way only, and the command line replaces the file's", () => {
  const refusals: [string[], string, string][] = [
    [
      [],
      "tls = on\ntls-protos = TLSv1.2",
      "stud.conf:1:7: tls and stud.conf:2:14: tls-protos exclude",
    ],
    [
      [],
      "tls-protos = TLSv1.2\nssl = y",
      "stud.conf:2:7: ssl and stud.conf:1:14: tls-protos exclude",
    ],
    [[], "tls = on\nssl = on", "stud.conf:1:7: tls and stud.conf:2:7: ssl exclude"],
    [[], "frontend = { port = 1 tls = on ssl = on }", "tls and stud.conf:1:38: ssl exclude"],
    [["--tls"], "tls-protos = TLSv1.2", "--tls and stud.conf:1:14: tls-protos exclude"],
    [["--ssl"], "tls-protos = TLSv1.2", "--ssl and stud.conf:1:14: tls-protos exclude"],
    [["--ssl", "--tls"], "", "--tls and --ssl exclude"],
    [["--tls", "--tls-protos=TLSv1.2"], "", "--tls and --tls-protos exclude"],
  ];
  for (const [argv, file, message] of refusals) {
    assertStringIncludes(refusalOf([HITCH, ...argv, "a.pem"], file), message);
  }
  const versions = (argv: string[], file: string) =>
    settingsOf([HITCH, ...argv, "a.pem"], file).engine.protocols;
  assertEquals(versions(["--tls-protos=TLSv1.2"], "ssl = on"), ["TLSv1.2"]);
  assertEquals(versions(["--tls-protos=TLSv1.2"], "tls = on"), ["TLSv1.2"]);
  assertEquals(versions(["--tls"], "ssl = on"), TLS_PROTOCOLS);
  assertEquals(versions([], "tls = off\nssl = off\ntls-protos = TLSv1.3"), ["TLSv1.3"]);
});

Deno.test("flags may have every spelling that hitch reads", () => {
  for (const text of ["y", "Y", "yes", "t", "T", "true", "on", "ON", '"on"', "1"]) {
    assertEquals(settingsOf([HITCH, "a.pem"], `write-ip = ${text}`).preface.kind, "ip", text);
  }
  for (const text of ["n", "N", "no", "f", "F", "false", "off", "Off", "0"]) {
    assertEquals(settingsOf([HITCH, "a.pem"], `write-ip = ${text}`).preface.kind, "none", text);
  }
});

Deno.test("SSLv3 is left out of a list with a warning, but is not all of it", () => {
  const { engine, warnings } = settingsOf(
    [HITCH, "a.pem"],
    "tls-protos = SSLv3 TLSv1.2\nfrontend = { port = 1 tls-protos = TLSv1.3, SSLv3 }",
  );
  assertEquals(engine.protocols, ["TLSv1.2"]);
  assertEquals(warnings, [
    "stud.conf:1:14: tls-protos: SSLv3 is left out: it is broken",
    "stud.conf:2:36: tls-protos: SSLv3 is left out: it is broken",
  ]);
  assertStringIncludes(refusalOf([HITCH, "a.pem"], "tls-protos = SSLv3"), "SSLv3 is broken");
  assertStringIncludes(refusalOf(["--tls-protos=SSLv3 TLSv1.2", "a.pem"]), "SSLv3 is broken");
});

Deno.test("an empty value on the command line is none", () => {
  const empty = ["--user=", "-g", "", "--chroot=", "--ciphers="];
  const { user, group, chroot } = settingsOf([HITCH, ...empty, "a.pem"]).workers;
  assertEquals([user, group, chroot], [undefined, undefined, undefined]);
  assertEquals(refusalOf(["--user=", "a.pem"]), "-u/--user needs a value");
});

Deno.test("no certificate is complained of in hitch's words", () => {
  assertEquals(
    refusalOf([HITCH]),
    "No x509 certificate PEM file specified for frontend 'default'!",
  );
});

Deno.test("a value that is wrong is refused all the same, with its place", () => {
  assertStringIncludes(refusalOf([HITCH, "-nx", "a.pem"]), '-n/--workers: "x"');
  assertStringIncludes(refusalOf([HITCH, "a.pem"], "workers = x"), "stud.conf:1:11: workers");
  assertStringIncludes(
    refusalOf([HITCH, "-n1", "a.pem"], "workers = x"),
    "stud.conf:1:11: workers",
  );
  assertStringIncludes(refusalOf([HITCH, "a.pem"], "tls = maybe"), "neither on nor off");
  assertStringIncludes(refusalOf(["--compat=stud", "a.pem"]), '--compat: "stud" is not one of');
});

Deno.test("--write-proxy is version 2, on and off", () => {
  const preface = (argv: string[], file?: string) =>
    settingsOf([HITCH, ...argv, "a.pem"], file).preface.kind;
  assertEquals(preface(["--write-proxy"]), "proxy-v2");
  assertEquals(preface([], "write-proxy = on"), "proxy-v2");
  assertEquals(preface([], "write-proxy-v2 = on\nwrite-proxy = off"), "none");
  assertEquals(preface(["--write-proxy=off"], "write-proxy-v2 = on"), "none");
  assertEquals(preface(["--write-proxy-v1"]), "proxy-v1");
  assertStringIncludes(
    refusalOf([HITCH, "--write-proxy", "--write-ip", "a.pem"]),
    "--write-ip and --write-proxy exclude each other",
  );
});

Deno.test("a client certificate to pass on without a header is of no use, and no error", () => {
  const { warnings } = settingsOf([HITCH, "a.pem"], "proxy-client-cert = on");
  assertEquals(warnings, [
    "stud.conf:1:21: proxy-client-cert: no effect without --write-proxy-v2",
  ]);
  assertEquals(
    settingsOf([HITCH, "--write-proxy", "a.pem"], "proxy-client-cert = on").warnings,
    [],
  );
});

Deno.test("a pattern for files without a directory is of no use, and no error", () => {
  assertEquals(settingsOf([HITCH, "a.pem"], "pem-dir-glob = '*.pem'").warnings, [
    "stud.conf:1:16: pem-dir-glob: no effect without --pem-dir",
  ]);
});

Deno.test("what means something else is a flag, and what it means is a value of the option", () => {
  for (const { name, type, hitch } of OPTIONS) {
    if (hitch?.means) assertEquals(type.kind, "flag", name);
    if (hitch?.adds) assertEquals(optionNamed(name).repeatable, true, name);
  }
});

Deno.test("keys without a use are taken with a warning, with stud and with hitch", () => {
  for (const argv of [["a.pem"], [HITCH, "a.pem"]]) {
    assertEquals(settingsOf(argv, "ring-slots = 3\nring-data-len = 32768").warnings, [
      "stud.conf:1:14: ring-slots: ignored: stud has no ring buffers; its buffers grow and shrink " +
      "with the traffic",
      "stud.conf:2:17: ring-data-len: ignored: stud has no ring buffers; its buffers grow and shrink " +
      "with the traffic",
    ]);
  }
});
