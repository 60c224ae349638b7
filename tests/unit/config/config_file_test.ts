import { parseConfigFile } from "../../../src/config/config_file.ts";
import { UsageError } from "../../../src/errors.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";
import { refusalOf, settingsOf } from "./settings_of.ts";

function given(text: string): Record<string, string[]> {
  const values = parseConfigFile({ file: "stud.conf", text });
  return Object.fromEntries([...values].map(([name, raws]) => [name, raws.map((raw) => raw.text)]));
}

function refused(text: string): string {
  return assertThrows(() => given(text), UsageError).message;
}

Deno.test("a line is key = value, with the value bare or in either quotes", () => {
  assertEquals(given("workers = 4"), { workers: ["4"] });
  assertEquals(given("  workers=4  "), { workers: ["4"] });
  assertEquals(given('workers = "4"'), { workers: ["4"] });
  assertEquals(given("user\t=\t'no body'"), { user: ["no body"] });
  assertEquals(given(`user = "it's" # its`), { user: ["it's"] });
  assertEquals(given('user = "a\\" # no escapes'), { user: ["a\\"] });
  assertEquals(given("ciphers = a=b"), { ciphers: ["a=b"] });
});

Deno.test("comments and blank lines say nothing", () => {
  assertEquals(given("# a = b\n\n   \n\t# x\nquiet = on # yes\n"), { quiet: ["on"] });
  assertEquals(given('chroot = /a#b\nuser = "a # b"'), { chroot: ["/a#b"], user: ["a # b"] });
});

Deno.test("line ends and a byte order mark of other systems do not matter", () => {
  assertEquals(given("\uFEFFquiet = on\r\nuser = 'a'\r\n"), { quiet: ["on"], user: ["a"] });
});

Deno.test("repeated keys add up", () => {
  assertEquals(given("frontend = *,1\nfrontend = *,2"), { frontend: ["*,1", "*,2"] });
});

Deno.test("an empty value turns off what can be turned off so", () => {
  assertEquals(given('ocsp-dir = ""'), { "ocsp-dir": [""] });
});

Deno.test("an empty value leaves an option without a default unset", () => {
  assertEquals(given("chroot = \"\"\nuser = ''\npem-file =\ngroup = # none"), {});
  assertEquals(refused("workers ="), 'stud.conf:1:10: workers: "workers =": the value is missing');
  assertEquals(given("frontend = \"\"\nworkers = ''"), {});
  assertEquals(given('ocsp-dir = ""'), { "ocsp-dir": [""] });
});

Deno.test("an unknown key is refused with file, line and the nearest key", () => {
  assertEquals(
    refused("\n\nworker = 4"),
    'stud.conf:3:1: unknown key "worker"; did you mean workers?',
  );
  assertEquals(refused("x\x1by = 4"), 'stud.conf:1:1: unknown key "x\\x1by"');
  assertEquals(refused("constructor = 4"), 'stud.conf:1:1: unknown key "constructor"');
});

Deno.test("options of the command line only are not keys", () => {
  for (const name of ["config", "default-config", "test", "version", "help"]) {
    assertEquals(
      refused(`${name} = on`),
      `stud.conf:1:1: "${name}" is allowed only on the command line`,
    );
  }
});

Deno.test("what stands only in a pem-file block is refused outside of one", () => {
  assertEquals(refused("cert = a"), 'stud.conf:1:1: "cert" is allowed only inside pem-file = { }');
  assertEquals(
    refused("ocsp-resp-file = a"),
    'stud.conf:1:1: "ocsp-resp-file" is allowed only inside pem-file = { }',
  );
  assertEquals(given("private-key = a\nclient-verify = none"), {
    "private-key": ["a"],
    "client-verify": ["none"],
  });
});

Deno.test("a list needs no quotes, other values with spaces do", () => {
  assertEquals(given("tls-protos = 'TLSv1.2 TLSv1.3'"), { "tls-protos": ["TLSv1.2 TLSv1.3"] });
  assertEquals(given("alpn-protos = h2,http/1.1"), { "alpn-protos": ["h2,http/1.1"] });
  for (const separator of [" ", ", ", "\n", " # so\n  "]) {
    const text = `tls-protos = TLSv1.2${separator}TLSv1.3 workers = 2`;
    assertEquals(given(text), { "tls-protos": ["TLSv1.2 TLSv1.3"], workers: ["2"] });
  }
  assertEquals(given("alpn-protos = h2, http/1.1; quiet=on;"), {
    "alpn-protos": ["h2 http/1.1"],
    quiet: ["on"],
  });
});

Deno.test("a line of another form is refused with file, line and text", () => {
  const forms = [
    ["drain-timeout: 5", "write drain-timeout = 5"],
    ["drain-timeout:5 # s", "write drain-timeout = 5 # s"],
    ["workers 4", "write workers = 4"],
    ["quiet:", "write quiet = VALUE"],
    ["[stud]", "sections are not supported; remove the line"],
    ["// stud", "a comment starts with #"],
  ];
  for (const [line, hint] of forms) {
    assertEquals(
      refused(line!),
      `stud.conf:1:1: "${line}" is not of the form key = value; ${hint}`,
    );
  }
  assertEquals(refused("quiet"), 'stud.conf:1:1: "quiet" is not of the form key = value');
  assertEquals(refused("= 4"), 'stud.conf:1:1: "= 4" is not of the form key = value');
  assertEquals(refused("my key = 4"), 'stud.conf:1:1: "my key = 4" is not of the form key = value');
  assertEquals(
    refused('user = "nobody'),
    'stud.conf:1:9: "user = \\"nobody": the closing " is missing',
  );
  assertEquals(
    refused("user = 'a' b"),
    'stud.conf:1:12: "b" is not of the form key = value; put a value that contains spaces in quotes',
  );
  assertEquals(
    refused("chroot = /my dir # x"),
    'stud.conf:1:14: "dir # x" is not of the form key = value; put a value that contains spaces in quotes',
  );
});

Deno.test("a value is checked like on the command line, and the message names its line", () => {
  assertEquals(
    refusalOf(["a.pem"], "\nworkers = many"),
    'stud.conf:2:11: workers: "many" is not a whole number from 1 to 1024 or auto',
  );
  assertEquals(
    refusalOf(["a.pem"], "quiet = maybe"),
    'stud.conf:1:9: quiet: "maybe" is neither on nor off',
  );
  assertEquals(
    refusalOf(["a.pem"], "backend = *,80"),
    'stud.conf:1:11: backend: "*,80": a backend needs one host; * is for frontends',
  );
});

Deno.test("a mistake in the file is found even where the command line overrides it", () => {
  assertEquals(
    refusalOf(["-n2", "a.pem"], "workers = many"),
    'stud.conf:1:11: workers: "many" is not a whole number from 1 to 1024 or auto',
  );
});

Deno.test("the command line beats the file", () => {
  const settings = settingsOf(["-n2", "--quiet=off"], "pem-file = a.pem\nworkers = 8\nquiet = on");
  assertEquals([settings.workers.count, settings.log.level], [2, "info"]);
  assertEquals(settings.pemFiles, [{ certificate: "a.pem" }]);
  assertEquals(settingsOf(["--daemon=off", "a.pem"], "daemon = on").service.daemon, false);
});

Deno.test("PEM files and frontends of the command line replace those of the file", () => {
  const file = "pem-file = a.pem\nfrontend = *,1\nfrontend = *,2";
  const settings = settingsOf(["-f*,3", "b.pem"], file);
  assertEquals(settings.pemFiles, [{ certificate: "b.pem" }]);
  assertEquals(settings.frontends.map(({ address }) => address.port), ["3"]);
  const block = "pem-file = { cert = a private-key = k }\npem-file = c";
  assertEquals(settingsOf(["b.pem"], block).pemFiles, [{ certificate: "b.pem" }]);
});

Deno.test("a key that is there twice is refused, with both lines", () => {
  assertEquals(
    refused("workers = 2\n\n workers = 3"),
    'stud.conf:3:2: "workers" is given twice, first on line 1; keep one',
  );
  assertEquals(
    refused("backend = '[::1]:1'\nbackend = '[::1]:1'"),
    'stud.conf:2:1: "backend" is given twice, first on line 1; keep one',
  );
  assertEquals(
    refused("session-cache = 1\nshared-cache = 2"),
    'stud.conf:2:1: "shared-cache" is given twice, first on line 1; keep one',
  );
  assertEquals(
    refused("frontend = {\n port = 1\n ssl = on\n ssl = off }"),
    'stud.conf:4:2: "ssl" is given twice, first on line 3; keep one',
  );
  given("private-key = a\nprivate-key = b\nallow-cn = a\nallow-cn = b");
});

Deno.test("hitch's files may have a key twice, of which the last one counts, with a warning", () => {
  const { workers, pemFiles, frontends, warnings } = settingsOf(
    ["--compat=hitch"],
    "workers = 2\nworkers = 3\npem-file = { cert = a cert = b }\nfrontend = { port = 1 port = 2 }",
  );
  assertEquals([workers.count, pemFiles, frontends[0]!.address.port], [
    3,
    [{ certificate: "b" }],
    "2",
  ]);
  assertEquals(warnings, ["stud.conf:2:11: workers: given twice; the last one is used"]);
});

Deno.test("the file's name is escaped in messages", () => {
  const config = { file: "a\nb", text: "x" };
  const { message } = assertThrows(() => parseConfigFile(config), UsageError);
  assertEquals(message, 'a\\nb:1:1: "x" is not of the form key = value');
});
