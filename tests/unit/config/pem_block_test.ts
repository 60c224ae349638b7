import fc from "fast-check";
import { parseConfigFile } from "../../../src/config/config_file.ts";
import type { PemFileSetting } from "../../../src/config/settings.ts";
import { UsageError } from "../../../src/errors.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../../support/assert.ts";
import { refusalOf, settingsOf } from "./settings_of.ts";

const pemFiles = (text: string) => settingsOf([], text).pemFiles;

function refused(text: string): string {
  const config = { file: "stud.conf", text };
  return assertThrows(() => parseConfigFile(config), UsageError).message;
}

const FULL: PemFileSetting = {
  certificate: "x.crt",
  privateKey: "x.key",
  ocspResponse: "x.ocsp",
  ocspVerifyStaple: false,
  clientVerify: "required",
  clientVerifyCa: "my ca.pem",
  clientVerifyCrl: "my.crl",
  allowedClients: [
    { kind: "CN", value: "Alice, Ltd" },
    { kind: "CN", value: "bob" },
    { kind: "email", value: "C@example.org" },
  ],
};

Deno.test("a pem-file block is read over one line or several, with or without separators", () => {
  const keys = [
    'cert = "x.crt"',
    "private-key = 'x.key'",
    "ocsp-resp-file=x.ocsp",
    "ocsp-verify-staple = f",
    "client-verify = required",
    'client-verify-ca = "my ca.pem"',
    "client-verify-crl = my.crl",
    'allow-cn = "Alice, Ltd"',
    "allow-cn = bob",
    "allow-san = email:C@Example.org",
  ];
  for (const separator of [" ", "\n", "\r\n\t", ", ", "; ", ";\n", " # so\n", "\n\n#\n"]) {
    const inner = keys.join(separator);
    for (
      const text of [`{ ${inner} }`, `{${inner}}`, `{\n${inner}\n}`, `{ # so\n${inner}\n} # so`]
    ) {
      assertEquals(pemFiles(`pem-file = ${text}\n`), [FULL], text);
      assertEquals(pemFiles(`pem-file=${text}`), [FULL], text);
    }
  }
  assertEquals(pemFiles("pem-file =\n{\n cert = a\n}"), [{ certificate: "a" }]);
});

Deno.test("blocks and plain PEM files keep their order, and other keys may follow", () => {
  const text = "pem-file = a\npem-file = { cert = b private-key = k }\nworkers = 3\npem-file = c";
  const settings = settingsOf([], text);
  assertEquals(settings.pemFiles, [
    { certificate: "a" },
    { certificate: "b", privateKey: "k" },
    { certificate: "c" },
  ]);
  assertEquals(settings.workers, 3);
});

Deno.test("what a block says is not said in general", () => {
  const text = "pem-file = { cert = a private-key = k client-verify = none client-verify-ca = ca }";
  const { privateKeys, clientVerify, clientVerifyCa } = settingsOf([], text);
  assertEquals([privateKeys, clientVerify, clientVerifyCa], [[], "none", undefined]);
});

Deno.test("a bare value ends at white space, a brace, or a separator at its end", () => {
  const certificate = (value: string) => pemFiles(`pem-file = { cert = ${value}}`)[0]?.certificate;
  assertEquals(certificate("a,b.pem, "), "a,b.pem");
  assertEquals(certificate("a.pem;"), "a.pem");
  assertEquals(certificate("/a#b=c"), "/a#b=c");
  assertEquals(certificate("'a}b'"), "a}b");
  assertEquals(
    pemFiles("pem-file = { cert = a; private-key = pkcs11:token=t;object=o; }"),
    [{ certificate: "a", privateKey: "pkcs11:token=t;object=o" }],
  );
});

Deno.test("an empty value in a block leaves the key unset", () => {
  assertEquals(
    pemFiles('pem-file = {\n cert = a\n private-key = ""\n ocsp-resp-file = # none\n}'),
    [{ certificate: "a" }],
  );
  assertEquals(pemFiles("pem-file = { cert = a\nclient-verify = '' }"), [{ certificate: "a" }]);
  assertEquals(
    refused("pem-file = { cert = a\nclient-verify = }"),
    'stud.conf:2:17: client-verify: "client-verify = }": the value is missing',
  );
});

Deno.test("a block without certificate is refused at its beginning", () => {
  const reason = "pem-file: the block has no certificate; add cert = FILE";
  for (const inner of ["", "private-key = k", 'cert = ""', "cert ="]) {
    assertEquals(refused(`quiet = on\npem-file = {\n${inner}\n}`), `stud.conf:2:1: ${reason}`);
  }
});

Deno.test("a key that a block does not take is refused with its line", () => {
  const key = (text: string) => refused(`pem-file = {\n cert = a\n ${text}\n}`);
  assertEquals(
    key("privat-key = k"),
    'stud.conf:3:2: unknown key "privat-key"; did you mean private-key?',
  );
  assertEquals(key("x\x1by = k"), 'stud.conf:3:2: unknown key "x\\x1by"');
  assertEquals(
    key("workers = 4"),
    'stud.conf:3:2: "workers" does not belong in a pem-file block, which takes cert, ' +
      "private-key, ocsp-resp-file, ocsp-verify-staple, client-verify, client-verify-ca, " +
      "client-verify-crl, allow-cn, allow-san",
  );
  assertEquals(
    key("private-key = a\n\n private-key = b"),
    'stud.conf:5:2: "private-key" is given twice, first on line 3; keep one',
  );
});

Deno.test("a value in a block is checked as elsewhere", () => {
  assertEquals(
    refusalOf([], "pem-file = { cert = a\n client-verify = yes }"),
    'stud.conf:2:18: client-verify: "yes" is not one of none, optional, required',
  );
  assertStringIncludes(refusalOf(["b.pem"], "pem-file = { cert = a client-verify = x }"), '"x"');
  assertStringIncludes(refusalOf([], "pem-file = { cert = 'a\0' }"), "contains NUL");
});

Deno.test("broken syntax in a block is refused with its line", () => {
  assertEquals(
    refused("quiet = on\npem-file = {\n cert = a\nworkers = 4\n"),
    "stud.conf:2:1: pem-file: the } that closes the block is missing",
  );
  assertEquals(
    refused("pem-file = {\n cert = /my dir/a\n}"),
    'stud.conf:2:13: "dir/a" is not of the form key = value; put a value that contains spaces in quotes',
  );
  assertEquals(
    refused('pem-file = {\n cert = "a\n}'),
    'stud.conf:2:10: "cert = \\"a": the closing " is missing',
  );
  assertEquals(
    refused('pem-file = { cert = "a"b }'),
    'stud.conf:1:24: "cert = \\"a\\"b }": unexpected "b }" after the closing "',
  );
  assertEquals(
    refused("pem-file = { cert {"),
    'stud.conf:1:14: "cert {" is not of the form key = value',
  );
});

Deno.test("only pem-file and frontend take a block", () => {
  assertEquals(
    refused("workers = {"),
    'stud.conf:1:1: "workers": only pem-file and frontend take a block in braces',
  );
  assertEquals(
    refused("pem-file = {\n cert = { }\n}"),
    'stud.conf:2:2: "cert": only pem-file and frontend take a block in braces',
  );
  assertStringIncludes(
    refused("pem-file = { pem-file = { cert = a } }"),
    '"pem-file" does not belong in a pem-file block',
  );
  for (const line of ["{", "}", "pem-file {"]) {
    assertEquals(
      refused(`quiet = on\n${line}`),
      `stud.conf:2:1: "${line}" is not of the form key = value`,
    );
  }
});

Deno.test("no text makes the parser fail otherwise than with a place in the file", () => {
  const word = fc.constantFrom(
    ...[
      "pem-file",
      "cert",
      "private-key",
      "quiet",
      "=",
      "{",
      "}",
      '"',
      "'",
      "#",
      ",",
      ";",
      "\n",
      " ",
    ],
    ...["a.pem", "on", "\r\n", "\u2028", "\0"],
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 20 }), (words) => {
      try {
        parseConfigFile({ file: "stud.conf", text: words.join("") });
      } catch (error) {
        assert(error instanceof UsageError, String(error));
        // A text without a line of its own: what is no UTF-8 is refused as a whole.
        if (error.message.startsWith("stud.conf: is UTF-16 text")) return;
        const line = Number(/^stud\.conf:(\d+):\d+: /.exec(error.message)?.[1]);
        assert(line >= 1 && line <= words.join("").split("\n").length, error.message);
      }
    }),
    { numRuns: 2000 },
  );
});
