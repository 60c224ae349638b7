/** Patterns for file names. */

import fc from "fast-check";
import { globMatcher } from "../../../src/plan/glob.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("globMatcher() matches as glob(7) says", () => {
  const cases: [pattern: string, matching: string[], others: string[]][] = [
    ["*.pem", ["a.pem", "a.b.pem"], ["a.pem.bak", "apem", "a.PEM"]],
    ["*", ["a", "", "ä\n"], []],
    ["a?c", ["abc", "aßc", "a😀c"], ["ac", "abbc"]],
    ["[abc-e]x", ["ax", "dx"], ["fx", "-x", "abx"]],
    ["[!a-c]", ["d", "!"], ["a", "b", ""]],
    ["[^a]", ["b", "^"], ["a"]],
    ["[]x]", ["]", "x"], ["[", "[]x]"]],
    ["[!]x]", ["a"], ["]", "x"]],
    ["[a-]", ["a", "-"], ["b"]],
    ["[*?\\]]", ["*", "?", "]"], ["a", "\\"]],
    ["[[:digit:]x]", ["7", "x"], ["d", ":", "["]],
    ["[![:space:]]", ["a"], [" "]],
    ["[[:nonsense:]]", [], ["n", ":"]],
    ["a\\*b", ["a*b"], ["axb", "a\\*b"]],
    ["a[b", ["a[b"], ["ab"]],
    ["a.b+(c|d)^$", ["a.b+(c|d)^$"], ["axb"]],
    ["[z-a]", [], ["z", "a", "-"]],
    ["a\\\nb[\\\n]", ["a\nb\n"], ["a\\nb", "ab"]],
    ["", [""], ["a"]],
  ];
  for (const [pattern, matching, others] of cases) {
    const matches = globMatcher(pattern);
    for (const name of matching) assertEquals(matches(name), true, `${pattern} matches ${name}`);
    for (const name of others) assertEquals(matches(name), false, `${pattern} matches ${name}`);
  }
});

Deno.test("globMatcher() takes every name as a pattern for itself, when it is escaped", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.string(), (name, other) => {
    const matches = globMatcher(name.replaceAll(/[^]/gu, "\\$&"));
    assertEquals(matches(name), true);
    assertEquals(matches(other), other === name);
  }));
});

Deno.test("globMatcher() takes any pattern", () => {
  const piece = fc.constantFrom(
    "[",
    "]",
    "!",
    "^",
    "-",
    "\\",
    "*",
    "?",
    "[:",
    ":]",
    "alpha",
    "a",
    "z",
  );
  fc.assert(fc.property(fc.array(piece, { maxLength: 8 }), fc.string(), (pieces, name) => {
    globMatcher(pieces.join(""))(name);
  }));
});
