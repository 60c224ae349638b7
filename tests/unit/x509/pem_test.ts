/** PEM text and its blocks. */

import fc from "fast-check";
import { encodeDer } from "../../../src/x509/der.ts";
import {
  formatPem,
  isEncryptedKey,
  isPrivateKey,
  parsePem,
  pemBytes,
  PemFormatError,
} from "../../../src/x509/pem.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";

const block = (label: string, body = "AAAA") => {
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
};

Deno.test("parsePem() finds blocks in order and ignores the text between them", () => {
  const text = `Bag Attributes\n${block("CERTIFICATE", "one+")}  subject=…\n${
    block("DH PARAMETERS", "two+")
  }trailer`;
  assertEquals(parsePem(text), [
    { label: "CERTIFICATE", text: block("CERTIFICATE", "one+"), line: 2 },
    { label: "DH PARAMETERS", text: block("DH PARAMETERS", "two+"), line: 6 },
  ]);
});

Deno.test("parsePem() takes the line ends of every system, indented lines and trailing spaces", () => {
  const plain = block("CERTIFICATE", `${"A".repeat(64)}\nBBBB`);
  for (const text of [plain.replaceAll("\n", "\r\n"), plain.replaceAll("\n", "\r")]) {
    assertEquals(parsePem(text), [{ label: "CERTIFICATE", text: plain, line: 1 }]);
  }
  const indented = plain.replaceAll(/^/gm, "  ").replaceAll("\n", " \n");
  assertEquals(parsePem(indented), [{ label: "CERTIFICATE", text: plain, line: 1 }]);
});

Deno.test("parsePem() of text without blocks is empty", () => {
  for (const text of ["", "\n", "-----BEGIN CERTIFICATE----", "-- BEGIN X --"]) {
    assertEquals(parsePem(text), []);
  }
});

Deno.test("parsePem() takes base64 in lines of any length, with blank lines and spaces in it", () => {
  const strict = block("CERTIFICATE", `${"A".repeat(64)}\n${"B".repeat(36)}`);
  const base64 = "A".repeat(64) + "B".repeat(36);
  const bodies = [
    base64,
    `\n${base64}`,
    `${base64}\n\n`,
    `${base64.slice(0, 76)}\n${base64.slice(76)}`,
    `${base64.slice(0, 64)}\n \n${base64.slice(64)}`,
    base64.match(/.{1,10}/g)!.join("  \t"),
    base64.match(/./g)!.join("\n"),
  ];
  for (const body of bodies) assertEquals(parsePem(block("CERTIFICATE", body))[0]!.text, strict);
});

Deno.test("parsePem() ignores what is outside of blocks, ends without a beginning too", () => {
  const own = { label: "CERTIFICATE", text: block("CERTIFICATE"), line: 2 };
  const outside = [
    "-----END CERTIFICATE-----",
    "------BEGIN CERTIFICATE-----",
    "see -----BEGIN CERTIFICATE----- below",
    "-----BEGIN -----",
    "-----END ------",
    "",
  ];
  for (const line of outside) {
    assertEquals(parsePem(`${line}\n${block("CERTIFICATE")}${line}\n`), [own], line);
  }
});

Deno.test("parsePem() reads files that were put together without a line feed between them", () => {
  const joined = block("A").trimEnd() + block("B").trimEnd() + block("C");
  assertEquals(parsePem(joined).map(({ label, line }) => [label, line]), [
    ["A", 1],
    ["B", 3],
    ["C", 5],
  ]);
  const [only] = parsePem("-----BEGIN A-----\nAAAA-----END A-----");
  assertEquals(only!.text, block("A"));
});

Deno.test("parsePem() names a block by what it holds", () => {
  const sequence = (...parts: Uint8Array[]) => encodeDer(0x30, ...parts);
  const integer = encodeDer(0x02, Uint8Array.of(0));
  const bytes = encodeDer(0x04, Uint8Array.of(1, 2));
  const kinds: [label: string, content: Uint8Array, expected: string][] = [
    ["RSA PRIVATE KEY", sequence(integer, sequence(), bytes), "PRIVATE KEY"],
    ["EC PRIVATE KEY", sequence(integer, sequence(), bytes), "PRIVATE KEY"],
    ["PRIVATE KEY", sequence(...Array(9).fill(integer)), "RSA PRIVATE KEY"],
    ["ANY PRIVATE KEY", sequence(integer, bytes), "EC PRIVATE KEY"],
    ["PRIVATE KEY", sequence(sequence(), bytes), "ENCRYPTED PRIVATE KEY"],
    ["DSA PRIVATE KEY", sequence(...Array(6).fill(integer)), "DSA PRIVATE KEY"],
    ["RSA PRIVATE KEY", Uint8Array.of(1, 2, 3), "RSA PRIVATE KEY"],
    ["X509 CERTIFICATE", bytes, "CERTIFICATE"],
  ];
  for (const [label, content, expected] of kinds) {
    const [found] = parsePem(formatPem(label, content));
    assertEquals([found!.label, pemBytes(found!)], [expected, content]);
  }
  const trusted = new Uint8Array([...sequence(integer), ...sequence(bytes)]);
  assertEquals(
    parsePem(formatPem("TRUSTED CERTIFICATE", trusted))[0]!.text,
    formatPem("CERTIFICATE", sequence(integer)),
  );
});

Deno.test("parsePem() says which block is broken", () => {
  const broken: [text: string, message: string][] = [
    [
      "-----BEGIN CERTIFICATE-----\nAAAA\n",
      "the CERTIFICATE block of line 1 has no end (the file is truncated)",
    ],
    [
      block("A") + "-----BEGIN B C-----",
      "the B C block of line 4 has no end (the file is truncated)",
    ],
    [`-----BEGIN A-----\n${block("B")}`, "line 2: the A block of line 1 has no end before this"],
    ["\n-----BEGIN A-----\n-----END B-----\n", "line 3: the A block of line 2 ends as B"],
    [
      "\n-----BEGIN TRUSTED CERTIFICATE-----\n????\n-----END TRUSTED CERTIFICATE-----\n",
      "the TRUSTED CERTIFICATE block of line 2 is not base64 (line 3)",
    ],
  ];
  for (const [text, message] of broken) {
    assertEquals(assertThrows(() => parsePem(text), PemFormatError).message, message);
  }
});

Deno.test("pemBytes() decodes what was encoded, whatever the length of the lines", () => {
  const length = fc.integer({ min: 4, max: 80 });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), length, (bytes, width) => {
    const lines = btoa(String.fromCharCode(...bytes)).match(new RegExp(`.{1,${width}}`, "g")) ??
      [];
    const [only] = parsePem(block("CERTIFICATE", lines.join("\n")));
    assertEquals(pemBytes(only!), bytes);
  }));
});

Deno.test("pemBytes() leaves headers out, and refuses what is not base64", () => {
  const [legacy, broken] = parsePem(
    block("RSA PRIVATE KEY", "Proc-Type: 4,MIC-CLEAR\n\nAQID") + block("X", "????"),
  );
  assertEquals(pemBytes(legacy!), new Uint8Array([1, 2, 3]));
  const { message } = assertThrows(() => pemBytes(broken!), PemFormatError);
  assertEquals(message, "the X block of line 6 is not base64 (line 7)");
});

Deno.test("isEncryptedKey() knows PKCS #8 by its label and older keys by their headers", () => {
  const of = (text: string) => parsePem(text)[0]!;
  assert(isEncryptedKey(of(block("ENCRYPTED PRIVATE KEY"))));
  const headers = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA";
  assert(isEncryptedKey(of(block("RSA PRIVATE KEY", headers))));
  assert(!isEncryptedKey(of(block("PRIVATE KEY"))));
  assert(!isEncryptedKey(of(block("RSA PRIVATE KEY", "Proc-Type: 4,MIC-CLEAR\n\nAAAA"))));
});

Deno.test("isPrivateKey() knows keys of every kind by their label", () => {
  const of = (label: string) => isPrivateKey({ label });
  for (
    const label of ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]
  ) {
    assert(of(label), label);
  }
  for (const label of ["PUBLIC KEY", "CERTIFICATE", "DH PARAMETERS", "EC PARAMETERS"]) {
    assert(!of(label), label);
  }
});

Deno.test("parsePem() gives back whatever blocks were written", () => {
  const label = fc.stringMatching(/^[A-Z0-9]([A-Z0-9 ]{0,10}[A-Z0-9])?$/);
  const body = fc.stringMatching(/^[A-Za-z0-9+/=]{1,64}$/);
  fc.assert(fc.property(fc.array(fc.tuple(label, body), { maxLength: 5 }), (parts) => {
    const texts = parts.map(([name, content]) => block(name, content));
    const noise = (index: number) => `noise ${index}\n`;
    const text = texts.map((own, index) => noise(index) + own).join("");
    assertEquals(
      parsePem(text).map(({ label, text }) => ({ label, text })),
      parts.map(([name], index) => ({ label: name, text: texts[index]! })),
    );
  }));
});

Deno.test("parsePem() throws nothing but PemFormatError", () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom("-----BEGIN A-----", "-----END A-----", "-----BEGIN B-----", "-----END B-----"),
    fc.constantFrom("-----BEGIN -----", "-----END-----", "\u2028", "\r", ""),
  );
  fc.assert(fc.property(fc.array(line), (lines) => {
    try {
      for (const { text, label } of parsePem(lines.join("\n"))) {
        assert(text.startsWith(`-----BEGIN ${label}-----\n`));
        assert(text.endsWith(`-----END ${label}-----\n`));
      }
    } catch (error) {
      assert(error instanceof PemFormatError, String(error));
    }
  }));
});
