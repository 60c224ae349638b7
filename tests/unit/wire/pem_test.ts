/** PEM text and its blocks. */

import fc from "fast-check";
import {
  isEncryptedKey,
  isPrivateKey,
  parsePem,
  PemFormatError,
  pemOctets,
} from "../../../src/wire/pem.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";

const block = (label: string, body = "AAAA") => {
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
};

Deno.test("parsePem() finds blocks in order and ignores the text between them", () => {
  const text = `Bag Attributes\n${block("CERTIFICATE", "one")}  subject=…\n${
    block("RSA PRIVATE KEY", "two")
  }trailer`;
  assertEquals(parsePem(text), [
    { label: "CERTIFICATE", text: block("CERTIFICATE", "one") },
    { label: "RSA PRIVATE KEY", text: block("RSA PRIVATE KEY", "two") },
  ]);
});

Deno.test("parsePem() takes the line ends of every system, indented lines and trailing spaces", () => {
  const plain = block("CERTIFICATE", "AAAA\nBBBB");
  for (const text of [plain.replaceAll("\n", "\r\n"), plain.replaceAll("\n", "\r")]) {
    assertEquals(parsePem(text), [{ label: "CERTIFICATE", text: plain }]);
  }
  const indented = plain.replaceAll(/^/gm, "  ").replaceAll("\n", " \n");
  assertEquals(parsePem(indented), [{ label: "CERTIFICATE", text: plain }]);
});

Deno.test("parsePem() of text without blocks is empty", () => {
  for (const text of ["", "\n", "-----BEGIN CERTIFICATE----", "-- BEGIN X --"]) {
    assertEquals(parsePem(text), []);
  }
});

Deno.test("parsePem() says which block is broken", () => {
  const broken: [text: string, message: string][] = [
    [
      "-----BEGIN CERTIFICATE-----\nAAAA\n",
      "the CERTIFICATE block has no end (the file is truncated)",
    ],
    [block("A") + "-----BEGIN B C-----", "the B C block has no end (the file is truncated)"],
    [`-----BEGIN A-----\n${block("B")}`, "the A block has no end"],
    ["-----END CERTIFICATE-----\n", "a CERTIFICATE block ends where none began"],
    ["-----BEGIN A-----\n-----END B-----\n", "a B block ends where none began"],
  ];
  for (const [text, message] of broken) {
    assertEquals(assertThrows(() => parsePem(text), PemFormatError).message, message);
  }
});

Deno.test("pemOctets() decodes what was encoded, whatever the length of the lines", () => {
  const length = fc.integer({ min: 4, max: 80 });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), length, (octets, width) => {
    const lines = btoa(String.fromCharCode(...octets)).match(new RegExp(`.{1,${width}}`, "g")) ??
      [];
    const [only] = parsePem(block("CERTIFICATE", lines.join("\n")));
    assertEquals(pemOctets(only!), octets);
  }));
});

Deno.test("pemOctets() leaves headers out, and refuses what is not base64", () => {
  const [legacy, broken] = parsePem(
    block("RSA PRIVATE KEY", "Proc-Type: 4,MIC-CLEAR\n\nAQID") + block("X", "????"),
  );
  assertEquals(pemOctets(legacy!), new Uint8Array([1, 2, 3]));
  const { message } = assertThrows(() => pemOctets(broken!), PemFormatError);
  assertEquals(message, "the X block is not base64");
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
  const of = (label: string) => isPrivateKey({ label, text: "" });
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
  const body = fc.stringMatching(/^[A-Za-z0-9+/=]{0,64}$/);
  fc.assert(fc.property(fc.array(fc.tuple(label, body), { maxLength: 5 }), (parts) => {
    const texts = parts.map(([name, content]) => block(name, content));
    const noise = (index: number) => `noise ${index}\n`;
    const text = texts.map((own, index) => noise(index) + own).join("");
    assertEquals(
      parsePem(text),
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
