import fc from "fast-check";
import { parseConfigFile } from "../../../src/config/config_file.ts";
import type { ConfigEntry, KeyRules } from "../../../src/config/config_syntax.ts";
import { configEntries } from "../../../src/config/config_syntax.ts";
import { UsageError } from "../../../src/errors.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";

/** Every key may have a block, and `list` is the one whose value is words. */
const LENIENT: KeyRules = {
  ...{ checkBlock: () => {}, isList: (key) => key === "list", isKey: (word) => word === "list" },
};

type Tree = [key: string, value: string | Tree[]];

function read(text: string): Tree[] {
  return [...configEntries({ file: "f", text }, LENIENT)].map(tree);
}

function tree({ key, value }: ConfigEntry): Tree {
  return [key, typeof value === "string" ? value : value.map(tree)];
}

const key = fc.constantFrom("a", "b-c", "list", "ciphers");
const quoted = fc.string({ maxLength: 8 }).map((text) => text.replace(/["\n]/g, "x"));
const value: fc.Arbitrary<string | Tree[]> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    quoted,
    fc.array(fc.tuple(key, tie("value")), { maxLength: 3 }),
  ),
})).value as fc.Arbitrary<string | Tree[]>;
const blank = fc.constantFrom(" ", "\n", "\r\n", "\t", '  # so = { "\n', "\n\n# so\n");
const between = fc.constantFrom(" ", "\n", ", ", "; ", ",\n", " # }\n", "\n\n");

/** The text of entries, with the blanks and separators that `choose` gives one after the other. */
function print(entries: readonly Tree[], choose: () => { blank: string; between: string }): string {
  return entries.map(([key, value]) => {
    const written = typeof value === "string"
      ? `"${value}"`
      : `{${choose().blank}${print(value, choose)}${choose().blank}}`;
    return `${key}${choose().blank.replace(/#.*\n/g, "\n")}=${choose().blank}${written}`;
  }).join(choose().between);
}

Deno.test("what is written is read, whatever stands between", () => {
  const styles = fc.array(fc.record({ blank, between }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value), { maxLength: 4 }), styles, (entries, styles) => {
      let place = 0;
      const text = print(entries, () => styles[place++ % styles.length]!);
      assertEquals(read(text), entries as Tree[], text);
    }),
    { numRuns: 1500 },
  );
});

Deno.test("several entries stand on a line, with or without separators", () => {
  const expected: Tree[] = [["a", "4"], ["b", "x"], ["c", [["d", "1"]]], ["e", "on"]];
  for (const separator of [" ", ", ", "; ", ";", "\n", " # so\n"]) {
    const text = ["a = 4", "b='x'", "c = {d=1}", "e = on"].join(separator);
    assertEquals(read(text), expected, text);
  }
});

Deno.test("a comment may follow a plain word at once, and is part of a path", () => {
  assertEquals(read("a = on# so\nb = TLSv1.2,TLSv1.3#so\nc = /a#b\nd = pkcs11:a;b#c"), [
    ["a", "on"],
    ["b", "TLSv1.2,TLSv1.3"],
    ["c", "/a#b"],
    ["d", "pkcs11:a;b#c"],
  ]);
});

Deno.test("a value may stand on a later line, unless that is where the next key is", () => {
  assertEquals(read("a\n=\n4\nb = # so\n\n x"), [["a", "4"], ["b", "x"]]);
  assertEquals(read("a =\nb = x\nc = { d = }"), [["a", ""], ["b", "x"], ["c", [["d", ""]]]]);
  assertEquals(read("a ="), [["a", ""]]);
});

Deno.test("a list ends at the next key, a block's end, or the end", () => {
  assertEquals(read("list = a b,c\n d # so\nother=x"), [["list", "a b,c d"], ["other", "x"]]);
  assertEquals(read("o = { list = a, b }"), [["o", [["list", "a b"]]]]);
  assertEquals(read("list = 'a b' x = y"), [["list", "a b"], ["x", "y"]]);
});

Deno.test("places are line and column of keys and of values", () => {
  const text = "\uFEFFa = 1\n  ü = x bb={\n\tc =\n d }";
  const places: string[] = [];
  const note = (entry: ConfigEntry): void => {
    places.push(`${entry.key} ${entry.place} ${entry.valuePlace}`);
    if (typeof entry.value !== "string") entry.value.forEach(note);
  };
  [...configEntries({ file: "f", text }, LENIENT)].forEach(note);
  assertEquals(places, [
    "a f:1:1 f:1:5",
    "ü f:2:3 f:2:7",
    "bb f:2:9 f:2:12",
    "c f:3:2 f:4:2",
  ]);
});

Deno.test("a fault is named by line, column and text", () => {
  const faults: [string, string][] = [
    ["a = 1\n quiet", '2:2: "quiet" is not of the form key = value'],
    [
      "a = 1 2",
      '1:7: "2" is not of the form key = value; put a value that contains spaces in quotes',
    ],
    ['a = "x', '1:6: "a = \\"x": the closing " is missing'],
    ['a = "x"y', '1:8: "a = \\"x\\"y": unexpected "y" after the closing "'],
    ["a = 1\nb = { c = 2\n", "2:1: b: the } that closes the block is missing"],
    [
      "a = 1 }",
      '1:7: "}" is not of the form key = value; put a value that contains spaces in quotes',
    ],
    ["{ a = 1 }", '1:1: "{ a = 1 }" is not of the form key = value'],
  ];
  for (const [text, message] of faults) {
    const error = assertThrows(() => read(text), UsageError);
    assertEquals(error.message, `f:${message}`, text);
  }
});

Deno.test("no text makes the parser fail otherwise than with a place in the file", () => {
  const word = fc.constantFrom(
    ...["frontend", "pem-file", "cert", "host", "port", "tls-protos", "quiet", "client-verify"],
    ...["=", "=", "{", "}", '"', "'", "#", ",", ";", "\n", " ", "+", "*", "443", "on", "\r\n"],
    ...["TLSv1.2", "a.pem", "\u2028", "\0", "\uFEFF", "[::1]:1+x"],
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 25 }), (words) => {
      const text = words.join("");
      try {
        parseConfigFile({ file: "f", text });
      } catch (error) {
        assert(error instanceof UsageError, String(error));
        // A text without a line of its own: what looks like UTF-16 is refused as a whole.
        if (error.message.startsWith("f: is UTF-16 text")) return;
        const [, line, column] = /^f:(\d+):(\d+): /.exec(error.message) ?? [];
        const lines = text.split("\n");
        assert(Number(line) >= 1 && Number(line) <= lines.length, error.message);
        assert(Number(column) >= 1 && Number(column) <= lines[Number(line) - 1]!.length + 1);
      }
    }),
    { numRuns: 3000 },
  );
});

Deno.test("blocks in blocks without end are refused, not followed", () => {
  const deep = (opening: string) => ({ file: "f", text: opening.repeat(20_000) });
  assertThrows(() => parseConfigFile(deep("pem-file={")), UsageError, "does not belong");
  assertThrows(() => parseConfigFile(deep("frontend={")), UsageError, "does not belong");
});
